from __future__ import annotations

from typing import Any

import pytest

from livegraph.errors import NodeError
from livegraph.frame import EndOfStream, Frame, Gap
from livegraph.node import Cadence
from livegraph.runtime import answer

BASE = [Frame(pts, seq=pts, duration_ns=10) for pts in (0, 10, 20, 30)]


def read(
    result: Any, cadence: Cadence, base: list[Frame], ports: list[str] | None = None, **more: Any
) -> answer.Answer:
    return answer.read(result, ports or ["out"], cadence, base, [()] * len(base), **more)


def test_a_payload_gets_the_moment_of_its_input() -> None:
    (output,) = read("x", Cadence(), BASE[1:2]).outputs
    assert (output.frame.pts_ns, output.frame.seq, output.frame.data) == (10, 10, "x")


@pytest.mark.parametrize("result", [None, Gap(3)])
def test_none_and_gaps_are_skips(result: Any) -> None:
    assert read(result, Cadence(), BASE[:1]).outputs == []


def test_end_of_stream_is_heard_from_sinks_too() -> None:
    assert read(EndOfStream(), Cadence(), BASE[:1]).ended
    assert answer.read(EndOfStream(), [], Cadence(), BASE[:1], [()]).ended


def test_a_chunk_answers_frame_by_frame() -> None:
    outputs = read(["a", None, "c", "d"], Cadence(4, 4), BASE).outputs
    assert [(o.frame.pts_ns, o.frame.data) for o in outputs] == [(0, "a"), (20, "c"), (30, "d")]


def test_interpolated_frames_lie_evenly_between() -> None:
    outputs = read(["a", "b", "c", "d"], Cadence(2, 4), BASE[:2]).outputs
    assert [o.frame.pts_ns for o in outputs] == [0, 5, 10, 15]


def test_fewer_frames_than_taken() -> None:
    assert [o.frame.pts_ns for o in read("a", Cadence(4, 1), BASE).outputs] == [0]


def test_the_surplus_of_a_filled_up_chunk_is_cut_off() -> None:
    outputs = read(["a", "b", "c", "d"], Cadence(4, 4), BASE[:2]).outputs
    assert [o.frame.data for o in outputs] == ["a", "b"]
    assert [o.frame.data for o in read(["a", "b", "c", "d"], Cadence(4, 4), BASE[:1]).outputs] == ["a"]


def test_ports_are_named_where_there_are_several() -> None:
    outputs = read({"left": 1, "right": 2}, Cadence(), BASE[:1], ["left", "right"]).outputs
    assert [(o.port, o.frame.data) for o in outputs] == [("left", 1), ("right", 2)]
    with pytest.raises(NodeError, match="returned something for 'middle'; its outputs are left, right"):
        read({"middle": 1}, Cadence(), BASE[:1], ["left", "right"])


def test_a_mapping_is_a_payload_where_there_is_one_port() -> None:
    (output,) = read({"x": 1}, Cadence(), BASE[:1]).outputs
    assert output.frame.data == {"x": 1}


def test_too_many_frames_are_an_error_that_says_so() -> None:
    with pytest.raises(NodeError, match="returned 5 frames: its cadence gives 4"):
        read(list("abcde"), Cadence(4, 4), BASE)
