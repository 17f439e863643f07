"""The real Ableton Link, between two processes in a network that is nothing but loopback."""

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
SHOW = """
ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo || exit 1
"$PYTHON" link_peer.py other 97 30 & other=$!
sleep 1
"$PYTHON" link_peer.py livegraph; code=$?
kill $other
exit $code
"""


@pytest.mark.servers
@pytest.mark.skipif(find_spec("aalink") is None, reason="pip install aalink")
@pytest.mark.skipif(not shutil.which("unshare") or not shutil.which("ip"), reason="no unshare and ip for a network")
def test_a_session_of_two() -> None:
    command = ["unshare", "--map-root-user", "--net", "sh", "-c", SHOW]
    environment = os.environ | {"PYTHON": sys.executable}
    done = subprocess.run(command, cwd=HERE, env=environment, timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["tempo"] == pytest.approx(97.0) and told["status"]["link_peers"] == 1 and told["said"] == []
