"""The root of the command line: built-in commands at once, plugins' commands when somebody asks for them."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from livegraph.cli.errors import USAGE, wants_json
from livegraph.cli.output import write_json


class Group(TyperGroup):
    """Plugins are looked for only by `--help` and by a command that is not built in, so that the others start fast."""

    _asked = False

    def list_commands(self, ctx: Any) -> list[str]:
        self._ask_plugins()
        return list(self.commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.commands:
            self._ask_plugins()
        return self.commands.get(cmd_name)

    def invoke(self, ctx: Any) -> Any:
        """Wrong usage of a command is a document too where its output would be one."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            usage = getattr(error, "format_message", None)  # click's own error, whichever click typer brings
            if usage is None or not wants_json():
                raise
            write_json({"ok": False, "error": usage()})
            raise typer.Exit(USAGE) from None

    def _ask_plugins(self) -> None:
        if not self._asked:
            self._asked = True
            for name, command in plugin_commands().items():
                self.commands.setdefault(name, command)


def plugin_commands() -> dict[str, Any]:
    """What plugins add by the hook `livegraph_commands`. One that fails is named on stderr and harms no other."""
    from livegraph.registry import registry

    manager = registry().manager
    commands: dict[str, Any] = {}
    for hook in manager.hook.livegraph_commands.get_hookimpls():
        app = typer.Typer()
        try:
            hook.function(app)
        except Exception as error:
            typer.echo(f"plugin {hook.plugin_name}: its commands cannot be added: {error!r}", err=True)
            continue
        if app.registered_commands or app.registered_groups:
            app.callback()(_nothing)
            commands |= typer.main.get_group(app).commands
    return commands


def _nothing() -> None:
    """Makes of an app with a single command a group all the same."""
