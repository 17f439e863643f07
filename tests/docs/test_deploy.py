"""docs/deploy.md, compose.yaml and the Dockerfile fit livegraph and each other.

What they need from outside (Docker, a registry, a GPU) is not here; the page says what was tried by hand.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from docs_support import ROOT, Block, blocks

from livegraph.cli.main import app

PAGE = ROOT / "docs/deploy.md"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE_TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::[-?][^${}]*)?\}")


def block(language: str) -> Block:
    (found,) = blocks(language, [PAGE])
    return found


def of_dockerfile(instruction: str) -> list[str]:
    """The JSON form of an instruction, such as CMD."""
    joined = DOCKERFILE.replace("\\\n", "")
    (found,) = re.findall(rf"^{instruction} [^\[\n]*(\[.*\])$", joined, re.MULTILINE)
    words: list[str] = json.loads(found)
    return words


def filled(text: str) -> str:
    """A text of compose.yaml with the defaults of its variables."""
    while (after := VARIABLE.sub(lambda match: match[0].rstrip("}").partition(":-")[2], text)) != text:
        text = after
    return text


def commands() -> Iterator[str]:
    """Each command line for livegraph, without the program's name."""
    text = PAGE.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in re.findall(r"^(?: {4}|ExecStart=|\| start command \| `)([^`\n]*)", text, re.MULTILINE):
        if found := re.search(r"(?:^|livegraph(?::cuda)? +)((?:run|models|backends)\b.*)", line):
            yield found[1]
    yield " ".join(of_dockerfile("CMD"))
    yield filled(SERVICES["livegraph"]["command"])


@pytest.mark.parametrize("command", list(dict.fromkeys(commands())))
def test_a_command_line_is_understood(command: str) -> None:
    group: Any = typer.main.get_command(app)
    name, *arguments = shlex.split(command, comments=True)
    while name in group.commands and hasattr(group.commands[name], "commands"):
        group, name, *arguments = group.commands[name], *arguments
    parsed = group.commands[name].make_context(name, arguments, resilient_parsing=False).params
    if graph := parsed.get("graph"):
        assert (ROOT / "graphs" / Path(graph).name).is_file()


def test_there_are_commands_to_look_at() -> None:
    found = list(commands())
    assert len(found) > 12
    assert any("--tls live.pem,live.key" in command for command in found)


def test_requirements_reach_the_image_as_they_stand(tmp_path: Path) -> None:
    """The program in the Dockerfile that splits them."""
    (program,) = re.findall(r"python3 -c '(import re, tomllib.*?)'", DOCKERFILE.replace("\\\n", ""), re.DOTALL)
    subprocess.run([sys.executable, "-c", program.replace("/wanted/", f"{tmp_path}/")], cwd=ROOT, check=True)
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    own = [line.removeprefix("-e ") for line in lines if line.startswith("-e ")]
    assert (tmp_path / "own.txt").read_text().splitlines() == [f"/src/{folder}" for folder in own]
    assert re.fullmatch(r"torch==\S+\n", (tmp_path / "torch.txt").read_text())
    others = (tmp_path / "others.txt").read_text()
    assert re.search(r"^torch==", others, re.MULTILINE) and re.search(r"^aiortc>=", others, re.MULTILINE)
    assert not re.search(r"^livegraph", others, re.MULTILINE)


def test_what_the_image_is_made_of_is_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {path.name for path in map(ROOT.joinpath, kept) if path.exists()} == kept
    assert kept >= {"graphs", "livegraph", "plugins", "pyproject.toml", "requirements.txt"}
    folders = re.findall(r"^-e (.+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert {Path(folder).parts[0] for folder in folders if folder != "."} == {"plugins"}


@pytest.mark.parametrize(("state", "code"), [("running", 0), ("degraded", 0), ("starting", 1), ("ended", 1)])
def test_the_health_check_tells_a_run_from_none(state: str, code: int) -> None:
    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"state": state}).encode())

        def log_message(self, format: str, *args: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        _, *arguments = of_dockerfile("HEALTHCHECK")
        env = {**os.environ, "HEALTH_URL": f"http://127.0.0.1:{server.server_port}/health", "no_proxy": "*"}
        ended = subprocess.run([sys.executable, *arguments], env=env, stderr=subprocess.PIPE, check=False)
        server.shutdown()
    assert ended.returncode == code, ended.stderr


def test_the_container_is_asked_where_it_listens() -> None:
    port = of_dockerfile("CMD")[-1]
    assert f"EXPOSE {port}" in DOCKERFILE and f"HEALTH_URL=http://127.0.0.1:{port}/health" in DOCKERFILE


def test_what_compose_refers_to_is_there() -> None:
    for name, service in SERVICES.items():
        (profile,) = service["profiles"]
        assert f"`{profile}`" in PAGE.read_text(), name
        for config in service.get("configs", []):
            assert config["source"] in COMPOSE["configs"]
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
        assert service["network_mode"] == "host"


def test_every_variable_of_compose_is_described() -> None:
    table = PAGE.read_text().partition("| variable |")[2].partition("\n\n")[0]
    names = set(re.findall(r"\$\{(\w+)", COMPOSE_TEXT)) | {"COMPOSE_PROFILES"}
    assert names == set(re.findall(r"`([A-Z_]+)`", re.sub(r"\|[^|]*\|[^|]*\|$", "|", table, flags=re.MULTILINE)))


def test_the_gpu_service_differs_in_its_image_alone() -> None:
    cpu, gpu = ({**SERVICES[name]} for name in ("livegraph", "livegraph-gpu"))
    assert gpu.pop("deploy")["resources"]["reservations"]["devices"][0]["capabilities"] == ["gpu"]
    for service in (cpu, gpu):
        for key in ("profiles", "image", "build"):
            del service[key]
    assert cpu == gpu


def test_prometheus_gets_the_token_from_a_file() -> None:
    (job,) = yaml.safe_load(block("yml").text)["scrape_configs"]
    assert job["authorization"] == {"credentials_file": "/etc/prometheus/livegraph.token"}


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not here")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def own_pem(tmp_path: Path) -> Path:
    from livegraph_server.certificate import own

    return own(tmp_path, ["live.example.org"]).certificate


@pytest.mark.servers
def test_nginx_takes_its_block(tmp_path: Path, own_pem: Path) -> None:
    site = re.sub(r"/etc/letsencrypt/\S+\.pem", str(own_pem), block("nginx").text)
    site = site.replace("listen 443", f"listen 127.0.0.1:{free_port()}")
    temporary = "".join(
        f"{name}_temp_path {tmp_path}/{name}; " for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path = tmp_path / "nginx.conf"
    path.write_text(f"pid {tmp_path}/pid; events {{}} http {{ access_log off; {temporary}\n{site} }}")
    command = [program("nginx"), "-t", "-p", str(tmp_path), "-e", str(tmp_path / "error.log"), "-c", str(path)]
    looked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert looked.returncode == 0 and "[warn]" not in looked.stderr, looked.stderr


@pytest.mark.servers
def test_nginx_takes_the_rtmp_server_of_compose(tmp_path: Path) -> None:
    if not Path("/usr/lib/nginx/modules/ngx_rtmp_module.so").exists():
        pytest.skip("nginx has no RTMP module here: scripts/setup --servers")
    text = filled(COMPOSE["configs"]["rtmp"]["content"]).replace("listen 1935", f"listen 127.0.0.1:{free_port()}")
    path = tmp_path / "rtmp.conf"
    path.write_text(text.replace("/tmp/nginx.pid", f"{tmp_path}/pid").replace("/dev/stderr", f"{tmp_path}/log"))
    command = [program("nginx"), "-t", "-e", str(tmp_path / "log"), "-c", str(path)]
    looked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert looked.returncode == 0, looked.stderr


@pytest.mark.servers
@pytest.mark.parametrize(("secret", "starts"), [("", False), ("x" * 15, False), ("x" * 16, True)])
def test_coturn_does_not_relay_for_everybody(tmp_path: Path, secret: str, starts: bool) -> None:
    """With an empty secret it would. `echo` stands for coturn."""
    text = COMPOSE["configs"]["turnserver"]["content"].replace("${LIVEGRAPH_TURN_SECRET:-}", secret)
    (tmp_path / "turnserver.conf").write_text(text)
    *shell, script = SERVICES["turn"]["entrypoint"]
    script = script.replace("/etc/coturn", str(tmp_path)).replace("exec turnserver", "exec echo")
    ended = subprocess.run([*shell, script], capture_output=True, text=True, check=False)
    assert (ended.returncode == 0) is starts, ended


@pytest.mark.servers
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    path = tmp_path / "livegraph.service"
    path.write_text(block("ini").text.replace("/opt/livegraph/.venv/bin/livegraph", sys.executable))
    looked = subprocess.run([program("systemd-analyze"), "verify", path], capture_output=True, text=True, check=False)
    assert looked.returncode == 0 and not looked.stderr, looked.stderr


@pytest.mark.servers
def test_caddy_takes_its_block(tmp_path: Path) -> None:
    path = tmp_path / "Caddyfile"
    path.write_text(block("caddyfile").text)
    command = [program("caddy"), "validate", "--adapter", "caddyfile", "--config", str(path)]
    home = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    looked = subprocess.run(command, env=home, capture_output=True, text=True, check=False)
    assert looked.returncode == 0, looked.stderr
