"""Every file in `tests/malformed` says, in comments at its end, what must be told of it: word for word, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from livegraph import GraphError
from livegraph.graph import load_plan
from livegraph.registry import Registry

FILES = sorted((Path(__file__).parent.parent / "malformed").glob("*.yaml"))
EXPECT = "# expect "


def test_there_are_enough_kinds() -> None:
    assert len(FILES) >= 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_problem_is_told_as_expected(path: Path, registry: Registry) -> None:
    expected = [line.removeprefix(EXPECT) for line in path.read_text().splitlines() if line.startswith(EXPECT)]
    with pytest.raises(GraphError) as caught:
        load_plan(path, registry=registry, env={})
    told = [problem.render(path.name).removeprefix(f"{path.name}:").strip() for problem in caught.value.problems]
    assert told == expected
    assert expected
    assert "\n" not in "".join(told)
