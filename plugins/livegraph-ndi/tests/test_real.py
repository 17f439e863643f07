"""The real NDI runtime, livegraph to livegraph, between processes in a network that is nothing but loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CONFIG = {"ndi": {"machinename": "STAGE", "networks": {"ips": "127.0.0.1,"}}}
"""Without announcements: ask 127.0.0.1 what it has. There is no multicast on loopback."""

SHOW = """
"$PYTHON" loopback.py receive stage 70 >"$OUT/received" & receiving=$!
"$PYTHON" loopback.py send 480 bt601 60
"$PYTHON" loopback.py send 720 bt709 150 & sending=$!
"$PYTHON" loopback.py list >"$OUT/listed"
wait $receiving $sending
"""


@pytest.mark.servers
@pytest.mark.skipif(find_spec("cyndilib") is None, reason="pip install cyndilib")
@pytest.mark.skipif(shutil.which("unshare") is None, reason="no unshare, which makes a network namespace")
def test_from_graph_to_graph(tmp_path: Path) -> None:
    (tmp_path / "ndi-config.v1.json").write_text(json.dumps(CONFIG))
    environment = os.environ | {"NDI_CONFIG_DIR": str(tmp_path), "OUT": str(tmp_path), "PYTHON": sys.executable}
    command = ["unshare", "--map-root-user", "--net", "sh", "-c", SHOW]
    subprocess.run(command, check=True, cwd=HERE, env=environment, timeout=90)
    received = [json.loads(line) for line in (tmp_path / "received").read_text().splitlines()]
    assert len(received) == 70, received[-1:]
    assert {tuple(size) for *size, _, _, _ in received} == {(640, 480), (640, 720)}, "the sender that came back"
    for width, height, middle, _, duration_ns in received:
        assert max(abs(got - sent) for got, sent in zip(middle, (255, 0, 0), strict=True)) <= 6, (width, height, middle)
        assert duration_ns == 33_366_667
    jumps = [number for number, (_, _, _, discontinuity, _) in enumerate(received) if discontinuity]
    assert jumps == [next(number for number, (_, height, *_) in enumerate(received) if height == 720)]
    said = json.loads((tmp_path / "listed").read_text())
    assert "no NDI source 'elsewhere' within 3 s; there are: STAGE (stage)" in said
