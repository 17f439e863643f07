"""The command: which benches there are, running them, and what is printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from livegraph.bench.figure import Figure
from livegraph.bench.machine import Machine, this_machine
from livegraph.errors import InputError, PluginError
from livegraph.hookspecs import BenchSpec
from livegraph.registry import nearest, registry, resolve
from livegraph.wording import there_are

ALL = "all"

Measured = dict[str, list[Figure]]
"""Figures by bench; a bench that could not run has none."""


def run(args: Sequence[str]) -> int:
    """0 where every bar is met, 1 where one is missed or a bench could not run."""
    asked = _parser().parse_args(args)
    benches = registry().benches()
    if not asked.names:
        _list(benches)
        return 0
    chosen = _choose(asked.names, benches)
    machine = this_machine()
    figures, refused = measure(chosen, asked.quick, _progress)
    if asked.json:
        _write_json(machine, asked.quick, figures, refused)
    else:
        _write_tables(machine, asked.quick, figures, refused)
    return 0 if not refused and all(figure.met for bench in figures.values() for figure in bench) else 1


def measure(
    benches: Iterable[BenchSpec], quick: bool, told: Callable[[str, Figure], None]
) -> tuple[Measured, dict[str, str]]:
    """Run the benches; `told` hears of each figure. Also returns why some could not run."""
    figures: Measured = {}
    refused: dict[str, str] = {}
    for bench in benches:
        figures[bench.name] = []
        try:
            for figure in _figures(bench, quick):
                figures[bench.name].append(figure)
                told(bench.name, figure)
        except InputError as error:
            refused[bench.name] = str(error)
    return figures, refused


def document(machine: Machine, quick: bool, figures: Measured, refused: Mapping[str, str]) -> dict[str, Any]:
    """What `--json` writes."""
    return {
        "machine": asdict(machine),
        "quick": quick,
        "benches": {name: [asdict(one) | {"met": one.met} for one in of] for name, of in figures.items()},
        "refused": dict(refused),
    }


def rows(figures: Iterable[Figure]) -> Iterator[tuple[str, str, str, str, str]]:
    """What the table shows: name, value, bar, met or missed, note."""
    for figure in figures:
        sign = "<=" if figure.at_most else ">="
        verdict = "met" if figure.met else "MISSED"
        unit = f" {figure.unit}" if figure.unit else ""
        yield figure.name, f"{figure.value:.4g}{unit}", f"{sign} {figure.bar:g}{unit}", verdict, figure.note


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="livegraph bench",
        description="Measure this machine: each figure beside the bar that it has to meet. Without a name: what there "
        "is to measure. Ends with 0 if every bar is met, else with 1. Let the machine be idle.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"a bench, or {ALL}")
    parser.add_argument("--json", action="store_true", help="write JSON, for programs")
    parser.add_argument("--quick", action="store_true", help="measure for seconds, not minutes: rough figures")
    return parser


def _choose(names: Sequence[str], benches: Mapping[str, BenchSpec]) -> list[BenchSpec]:
    if ALL in names:
        return list(benches.values())
    for name in names:
        if name not in benches:
            near = nearest(name, benches)
            hint = f"Did you mean {near}?" if near else there_are(benches)
            raise PluginError(f"there is no bench {name!r}. {hint}")
    return [benches[name] for name in dict.fromkeys(names)]


def _figures(bench: BenchSpec, quick: bool) -> Iterable[Figure]:
    try:
        function = resolve(bench.target)
    except ImportError as error:
        raise InputError(f"it cannot be loaded: {error}") from error
    figures: Iterable[Figure] = function(quick)
    return figures


def _progress(bench: str, figure: Figure) -> None:
    """A line beside the output as soon as there is one: the whole takes minutes."""
    name, value, bar, verdict, _ = next(rows([figure]))
    sys.stderr.write(f"{bench}: {name}: {value} ({bar}) {verdict}\n")
    sys.stderr.flush()


def _list(benches: Mapping[str, BenchSpec]) -> None:
    from livegraph.cli.output import write_table

    write_table(("bench", "what it measures"), [(spec.name, spec.summary) for spec in benches.values()])


def _write_json(machine: Machine, quick: bool, figures: Measured, refused: Mapping[str, str]) -> None:
    from livegraph.cli.output import write_json

    write_json(document(machine, quick, figures, refused))


def _write_tables(machine: Machine, quick: bool, figures: Measured, refused: Mapping[str, str]) -> None:
    import typer

    from livegraph.cli.output import write_table

    typer.echo(f"{machine}{'; quick: rough figures' if quick else ''}")
    for name, measured in figures.items():
        typer.echo("")
        if measured:
            write_table((name, "measured", "bar", "", ""), list(rows(measured)))
        if name in refused:
            typer.echo(f"{name} could not {'go on' if measured else 'run'}: {refused[name]}")
    missed = sum(not figure.met for measured in figures.values() for figure in measured)
    typer.echo(f"\n{'every bar is met' if not missed and not refused else f'{missed} missed'}")
