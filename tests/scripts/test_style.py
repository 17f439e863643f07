from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = [*sorted((ROOT / "scripts").iterdir()), ROOT / ".ci" / "run"]


def test_shellcheck_finds_nothing() -> None:
    shellcheck = Path(sysconfig.get_path("scripts")) / "shellcheck"
    bash = [script for script in SCRIPTS if script.suffix != ".py"]
    look = subprocess.run([shellcheck, *bash], capture_output=True, text=True, check=False)
    assert look.returncode == 0, look.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_can_be_called(script: Path) -> None:
    assert script.stat().st_mode & 0o111
    language = "python3" if script.suffix == ".py" else "bash"
    assert script.read_text().startswith(f"#!/usr/bin/env {language}\n")
