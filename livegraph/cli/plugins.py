"""`livegraph plugins`: what was found, what was loaded, and why the rest was not."""

from __future__ import annotations

from dataclasses import asdict

from livegraph.cli.output import Json, write_json, write_table


def plugins(json: Json = False) -> None:
    """List plugins, and why one cannot be used."""
    from livegraph.registry import registry

    found = sorted(registry().plugins, key=lambda info: info.name)
    if json:
        write_json([asdict(info) for info in found])
        return
    rows = [(info.name, info.distribution, info.version, info.state, info.reason) for info in found]
    write_table(("plugin", "distribution", "version", "state", "reason"), rows)
