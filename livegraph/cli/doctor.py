"""`livegraph doctor`: what works on this machine, and what to do about the rest."""

from __future__ import annotations

from dataclasses import asdict

import typer

from livegraph.cli.errors import FAILED
from livegraph.cli.output import Json, write_json, write_table

MARKS = {"ok": "ok", "note": "note", "fail": "FAIL"}


def doctor(json: Json = False) -> None:
    """Look at this machine, and say what to do.

    Python, packages, plugins, display, cameras, devices and tools.

    Ends with 1 if something is broken. A note is no fault: a machine without a camera runs graphs all the same.
    """
    from livegraph.cli.examine import examine

    findings = list(examine())
    if json:
        write_json([asdict(finding) for finding in findings])
    else:
        write_table(
            ("", "what", "found", "what to do"), [(MARKS[f.state], f.what, f.found, f.advice) for f in findings]
        )
    if any(finding.state == "fail" for finding in findings):
        raise typer.Exit(FAILED)
