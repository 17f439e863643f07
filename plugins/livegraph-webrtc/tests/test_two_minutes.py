"""Two minutes of a browser's camera and screen, by the benchmark that reports its times."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "browser.py"


@pytest.mark.servers
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_numbers_rise_and_pictures_do_not_grow_old() -> None:
    if shutil.which("chromium") is None:
        pytest.skip("Chromium is not installed: scripts/setup --servers")
    done = subprocess.run([sys.executable, BENCHMARK, "--json"], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    print(found)
    assert found["seconds"] >= 120 and found["fell"] == 0
    assert found["last_quarter_p50_ms"] < found["first_quarter_p50_ms"] + 100
