"""Ctrl-C at awkward moments of a real process."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

GRAPH = """
livegraph: 1
nodes:
  pattern: {use: media.pattern, params: {live: true}}
  nothing: {use: media.null, in: pattern}
"""
OURS = "livegraph.cli.interrupt"


def command(way: str, folder: Path) -> list[str]:
    """`-X importtime` tells on stderr when our first module is there; before that, Python itself starts."""
    if way == "module":
        return [sys.executable, "-X", "importtime", "-m", "livegraph"]
    script = folder / "livegraph"  # as pip writes it
    script.write_text("import sys\nfrom livegraph.cli.main import run\nsys.exit(run())\n")
    return [sys.executable, "-X", "importtime", str(script)]


def started(call: list[str]) -> subprocess.Popen[str]:
    """A process that has begun to import livegraph."""
    process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert any(line.rstrip().endswith(OURS) for line in process.stderr)
    return process


@pytest.mark.parametrize("way", ["module", "script"])
@pytest.mark.parametrize("delay_s", [0.0, 0.03, 0.1, 0.2, 0.35, 0.6])
def test_ctrl_c_while_it_starts_shows_no_traceback(way: str, delay_s: float, tmp_path: Path) -> None:
    (tmp_path / "graph.yaml").write_text(GRAPH)
    process = started([*command(way, tmp_path), "run", str(tmp_path / "graph.yaml")])
    time.sleep(delay_s)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert "KeyboardInterrupt" not in err
    assert process.returncode in ((130,) if not out else (130, 0)), (out, err[-500:])


def test_a_program_that_embeds_livegraph_keeps_its_ctrl_c() -> None:
    ask = "import livegraph, signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    answer = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert answer.stdout == "True\n"
