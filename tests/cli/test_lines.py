from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from livegraph.cli.display import Lines
from livegraph.cli.lines import progress, recordings, summary


def test_progress_is_one_line_with_the_figures_that_matter(stats: Any) -> None:
    line = progress(stats)
    assert "\n" not in line
    assert line.startswith("[0:12] running: camera 8.1 fps")
    for part in ("wan 8.1 fps 118.2 ms", "age 212 ms", "gate 270", "bottleneck wan"):
        assert part in line


def test_summary_says_what_each_drop_means(stats: Any) -> None:
    lines = list(summary(stats))
    assert lines[0] == "cam2wan: live, 12.3 s"
    assert "  record: 90 frames, 7.9 a second, 95 % of them at most 212 ms old" in lines
    assert "  dropped 279 of 369 frames:" in lines
    assert any(line.startswith("    gate 270: not taken in") for line in lines)
    assert "  wan: 2 errors, 1 restart" in lines


def test_summary_of_an_offline_run_does_not_speak_of_age(stats: Any) -> None:
    assert "old" not in "".join(list(summary(stats | {"mode": "offline"}))[:2])


def test_recordings_are_found_among_the_notes(stats: Any) -> None:
    assert recordings(stats) == ["record: recorded out/cam2wan.mp4, 90 frames, 12.0 s"]


def test_lines_come_every_five_seconds(stats: Any, capsys: Any) -> None:
    lines = Lines(SimpleNamespace(name="cam2wan", mode="live", nodes=[SimpleNamespace(id="camera")]))
    assert capsys.readouterr().out == "cam2wan: live, camera\n"
    for second in (1.0, 5.1, 6.0, 9.9, 10.2, 31.0, 32.0):
        lines.tick(stats | {"duration_s": second})
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["[0:05]", "[0:10]", "[0:31]"]
