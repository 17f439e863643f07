"""The command: which benches there are, what may be said to each, and running them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from livegraph.bench.figure import Figure, Progress
from livegraph.bench.machine import this_machine
from livegraph.bench.show import Display, Measured, document, write_tables
from livegraph.errors import InputError, PluginError
from livegraph.hookspecs import BenchOption, BenchSpec
from livegraph.registry import nearest, registry, resolve
from livegraph.wording import there_are

ALL = "all"
FLAGS = {"json": "--json", "quick": "--quick"}


def run(args: Sequence[str]) -> int:
    """0 where every bar is met, 1 where one is missed or a bench could not run."""
    benches = registry().benches()
    named = _choose(_names(args), benches)
    asked = vars(_parser(named[0] if len(named) == 1 else None).parse_args(args))
    chosen = _choose(asked.pop("names"), benches)
    if not chosen:
        _list(benches)
        return 0
    as_json, quick, output = asked.pop("json"), asked.pop("quick"), asked.pop("output")
    if output is not None and not output.absolute().parent.is_dir():
        raise InputError(f"{output}: its folder does not exist")
    machine = this_machine()
    with Display() as display:
        figures, refused = measure(chosen, quick, display, asked)
    found = document(machine, quick, figures, refused)
    if output is not None:
        _write_file(output, found)
    if as_json:
        _write_json(found)
    else:
        write_tables(machine, quick, figures, refused)
    return 0 if not refused and all(figure.met for bench in figures.values() for figure in bench) else 1


def measure(
    benches: Iterable[BenchSpec], quick: bool, display: Display, options: Mapping[str, Any]
) -> tuple[Measured, dict[str, str]]:
    """Run the benches, with what was said to them. Also returns why some could not run."""
    figures: Measured = {}
    refused: dict[str, str] = {}
    for bench in benches:
        figures[bench.name] = []
        try:
            for found in _found(bench, quick, options):
                if isinstance(found, Progress):
                    display.progress(bench.name, found)
                else:
                    figures[bench.name].append(found)
                    display.figure(bench.name, found)
        except InputError as error:
            refused[bench.name] = str(error)
    return figures, refused


def _names(args: Sequence[str]) -> list[str]:
    """The benches that are named: they stand before the options, the command's own switches aside."""
    rest = list(args)
    while rest and rest[0] in FLAGS.values():
        rest.pop(0)
    return list(takewhile(lambda arg: not arg.startswith("-"), rest))


def _parser(bench: BenchSpec | None) -> argparse.ArgumentParser:
    """For one bench with options of its own, or for any."""
    name = "NAME" if bench is None else bench.name
    parser = argparse.ArgumentParser(
        prog="livegraph bench",
        usage=f"livegraph bench {'[NAME ...]' if bench is None else name} [OPTIONS]",
        description=_description(bench),
        epilog=_examples(bench),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument("names", nargs="*", default=[], metavar="NAME", help=f"a bench, or {ALL}")
    parser.add_argument(FLAGS["json"], action="store_true", default=False, help="write JSON, for programs")
    help = "measure for seconds, not minutes: rough figures"
    parser.add_argument(FLAGS["quick"], action="store_true", default=False, help=help)
    help = "write the JSON document here as well"
    parser.add_argument("--output", type=Path, default=None, metavar="FILE.json", help=help)
    if bench is not None and bench.options:
        group = parser.add_argument_group(f"options of {bench.name}")
        for option in bench.options:
            _add(group, option)
    return parser


def _description(bench: BenchSpec | None) -> str:
    if bench is not None:
        return bench.summary
    return (
        "Measure this machine: each figure beside the bar that it has to meet. Without a\n"
        "name: what there is to measure. Ends with 0 if every bar is met, else with 1.\n"
        "Let the machine be idle. Some benches have options: livegraph bench NAME --help."
    )


def _examples(bench: BenchSpec | None) -> str | None:
    if bench is None or not bench.examples:
        return None
    return "examples:\n" + "\n".join(f"  {line}" for line in bench.examples)


def _add(group: argparse._ArgumentGroup, option: BenchOption) -> None:
    if option.parse is None:
        group.add_argument(f"--{option.name}", action="store_true", help=option.doc)
    else:
        group.add_argument(f"--{option.name}", type=_told(option.parse), metavar=option.metavar, help=option.doc)


def _told(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """So that a person reads what was expected, rather than that a value is invalid."""

    def value(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return value


def _choose(names: Sequence[str], benches: Mapping[str, BenchSpec]) -> list[BenchSpec]:
    if ALL in names:
        return list(benches.values())
    for name in names:
        if name not in benches:
            near = nearest(name, benches)
            hint = f"Did you mean {near}?" if near else there_are(benches)
            raise PluginError(f"there is no bench {name!r}. {hint}")
    return [benches[name] for name in dict.fromkeys(names)]


def _found(bench: BenchSpec, quick: bool, options: Mapping[str, Any]) -> Iterable[Figure | Progress]:
    try:
        function = resolve(bench.target)
    except ImportError as error:
        raise InputError(f"it cannot be loaded: {error}") from error
    found: Iterable[Figure | Progress] = function(quick, **options)
    return found


def _list(benches: Mapping[str, BenchSpec]) -> None:
    from livegraph.cli.output import write_table

    write_table(("bench", "what it measures"), [(spec.name, spec.summary) for spec in benches.values()])


def _write_json(found: Mapping[str, Any]) -> None:
    from livegraph.cli.output import write_json

    write_json(found)


def _write_file(path: Path, found: Mapping[str, Any]) -> None:
    from livegraph.cli.output import write_file

    write_file(path, json.dumps(found, indent=1, ensure_ascii=False) + "\n")
