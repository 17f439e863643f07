"""The help texts in docs/cli.md are the commands' own.

`python tests/docs/test_cli.py` writes them anew.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
HELP = re.compile(r"(?<=^<!-- help: )(?P<command>[^\n]*?) *-->\n```text\n(?P<text>.*?)```$", re.DOTALL | re.MULTILINE)
ALONE = ("", "run", "check", "nodes", "plugins", "backends", "pipelines", "doctor", "schema", "bench", "new plugin")
MODELS = tuple(f"models {name}" for name in ("list", "show", "pull", "verify", "path", "remove", "convert"))
BUILT_IN = (*ALONE, *MODELS)


def help_of(command: str) -> str:
    """What `livegraph COMMAND --help` prints on a terminal of 80 columns, without colours and edges of empty lines."""
    env = {**os.environ, "COLUMNS": "80", "TERMINAL_WIDTH": "80", "NO_COLOR": "1", "TERM": "dumb"}
    for name in ("GITHUB_ACTIONS", "FORCE_COLOR", "PY_COLORS"):
        env.pop(name, None)
    ended = subprocess.run(
        [sys.executable, "-m", "livegraph", *command.split(), "--help"],
        env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return "\n".join(line.rstrip() for line in ended.stdout.strip("\n ").splitlines()).strip() + "\n"


def words(text: str) -> list[str]:
    """The text without its frames and line breaks, which differ from one version of the library to the next."""
    return re.sub(r"[^\x20-\x7e]+", " ", text.replace("\n", " ")).split()


def all_help() -> dict[str, str]:
    with ThreadPoolExecutor() as pool:
        return dict(zip(BUILT_IN, pool.map(help_of, BUILT_IN), strict=True))


def test_help_is_as_documented() -> None:
    written = {match["command"]: match["text"] for match in HELP.finditer(PAGE.read_text(encoding="utf-8"))}
    real = all_help()
    assert written.keys() == real.keys()
    for command, text in real.items():
        assert words(written[command]) == words(text), f"livegraph {command}: {__doc__}"


def test_no_command_is_missing() -> None:
    from livegraph.cli.main import app

    names = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    assert names == {command.split()[0] for command in BUILT_IN if command}


def write() -> None:
    real = all_help()
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(
        HELP.sub(lambda match: f"{match['command']} -->\n```text\n{real[match['command']]}```", text), encoding="utf-8"
    )


if __name__ == "__main__":
    write()
