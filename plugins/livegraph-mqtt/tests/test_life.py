"""A broker that wants credentials, goes away, comes back, or stands still; a run that dies."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from mqtt_support import BASE, DEVICE_TOPIC, NEEDED, Mosquitto, Watcher, a_show, free_port, graph, until

from livegraph import InputError
from livegraph_mqtt.controller import tls_of

pytestmark = NEEDED
Watch = Callable[..., Watcher]


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that speaks TLS only, to those who log in."""
    made = ["-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost"]
    made += ["-addext", "subjectAltName=IP:127.0.0.1"]
    key = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*key, *made], cwd=tmp_path, check=True, capture_output=True)
    subprocess.run(["mosquitto_passwd", "-c", "-b", "passwords", "vj", "a-secret"], cwd=tmp_path, check=True)
    files = (f"certfile {tmp_path}/cert.pem", f"keyfile {tmp_path}/key.pem", f"password_file {tmp_path}/passwords")
    broker = Mosquitto(tmp_path, *files, "allow_anonymous false")
    broker.start()
    yield broker
    broker.stop()


def with_login(folder: Path) -> Callable[[object], None]:
    def prepare(client: object) -> None:
        client.tls_set(str(folder / "cert.pem"))  # type: ignore[attr-defined]
        client.username_pw_set("vj", "a-secret")  # type: ignore[attr-defined]

    return prepare


def test_tls_with_user_and_password(guarded: Mosquitto, watch: Watch, tmp_path: Path) -> None:
    seen = watch(guarded, with_login(tmp_path))
    login = {"tls": str(tmp_path / "cert.pem"), "username": "vj", "password": "a-secret"}
    with a_show(graph(guarded.port, **login)) as show:
        seen.say(f"{BASE}/control/trail/set", "0.25")
        seen.sees(f"{BASE}/control/trail/state", "0.25")
        until(lambda: f"{BASE}/stats" in seen.newest)
    assert not any("a-secret" in text for text in [*seen.newest.values(), *show.said])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho leaves a failed socket open
@pytest.mark.parametrize("wrong", [{"password": "another"}, {"tls": "on"}, {"tls": "off"}])
def test_who_may_not_in_is_told_why_and_the_show_goes_on(
    guarded: Mosquitto, tmp_path: Path, wrong: dict[str, str]
) -> None:
    login = {"tls": str(tmp_path / "cert.pem"), "username": "vj", "password": "a-secret"}
    with a_show(graph(guarded.port, **{**login, **wrong}), connected=False) as show:
        until(lambda: any("trying again" in text for text in show.said))
        assert show.run.health == "running" and not show.status["connected"]
    gc.collect()


def test_a_file_that_holds_no_authority_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("empty.pem", "nothing.pem"):
        with pytest.raises(InputError, match="tls is off, on, or a file"):
            tls_of(str(tmp_path / name))


def test_a_broker_that_was_away_is_met_again_and_told_all(broker: Mosquitto, watch: Watch) -> None:
    with a_show(graph(broker.port)) as show:
        broker.stop()
        until(lambda: not show.status["connected"])
        show.run.door("test").set({"trail": 0.6}).result(10)
        time.sleep(10)
        assert show.run.health == "running"
        broker.start()
        until(lambda: show.status["connected"])
        seen = watch(broker)
        seen.sees(f"{BASE}/control/trail/state", "0.6")
        until(lambda: seen.retained.keys() >= {DEVICE_TOPIC, f"{BASE}/availability"})
        seen.say(f"{BASE}/control/trail/set", "0.1")
        seen.sees(f"{BASE}/control/trail/state", "0.1")
        assert len([text for text in show.said if "connected to" in text]) == 2
        assert show.status["connects"] == 2


def test_without_a_broker_the_show_goes_on_and_ends_in_time() -> None:
    with a_show(graph(free_port()), connected=False) as show:
        until(lambda: any("trying again" in text for text in show.said))
        until(lambda: show.run.stats()["sinks"]["end"]["frames"] > 5)
    assert show.outcomes[0].ok


def test_a_broker_that_stands_still_holds_nothing_up(broker: Mosquitto) -> None:
    with a_show(graph(broker.port)) as show:
        os.kill(broker.pid, signal.SIGSTOP)
        try:
            for number in range(2000):
                show.run.door("test").set({"trail": number / 4000})
            before = show.run.stats()["sinks"]["end"]["frames"]
            until(lambda: show.run.stats()["sinks"]["end"]["frames"] > before + 30)
            show.stop()
        finally:
            os.kill(broker.pid, signal.SIGCONT)
    assert show.outcomes[0].ok


@contextmanager
def a_process(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    file = folder / "show.yaml"
    file.write_text(yaml.safe_dump(graph(port)))
    program = [str(Path(sys.executable).with_name("livegraph")), "run", str(file), "--quiet"]
    process = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_ends_is_offline_by_its_will_or_its_word(
    broker: Mosquitto, watch: Watch, tmp_path: Path, how: signal.Signals
) -> None:
    seen = watch(broker)
    with a_process(tmp_path, broker.port) as process:
        seen.sees(f"{BASE}/availability", "online", 30)
        until(lambda: f"{BASE}/stats" in seen.newest, 30)
        process.send_signal(how)
        seen.sees(f"{BASE}/availability", "offline")
        assert process.wait(20) == (-9 if how is signal.SIGKILL else 0)


def test_a_will_that_comes_late_is_contradicted(broker: Mosquitto, watch: Watch) -> None:
    seen = watch(broker)
    with a_show(graph(broker.port)):
        seen.say(f"{BASE}/availability", "offline", retain=True)
        seen.sees(f"{BASE}/availability", "online")
