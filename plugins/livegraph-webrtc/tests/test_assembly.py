"""Packets to pictures."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from livegraph_webrtc.assembly import MOST_PACKETS, PATIENCE_S, Assembly, Picture, Piece


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def stream(sizes: list[int], first: int = 100, time: int = 5000) -> list[Piece]:
    """Pictures of so many packets each, as packets; the data tells which packet it was."""
    pieces, number = [], first
    for picture, size in enumerate(sizes):
        for part in range(size):
            stamp = (time + 3000 * picture) % (1 << 32)
            pieces.append(Piece(number % 65536, stamp, part == size - 1, b"%d.%d " % (picture, part)))
            number += 1
    return pieces


def fed(assembly: Assembly, pieces: list[Piece]) -> list[Picture]:
    return [picture for piece in pieces for picture in assembly.add(piece)]


def whole(picture: int, size: int) -> bytes:
    return b"".join(b"%d.%d " % (picture, part) for part in range(size))


def test_a_picture_is_whole_with_its_marker() -> None:
    assembly = Assembly(Clock())
    pieces = stream([3, 1])
    assert fed(assembly, pieces[:2]) == []
    (first,) = assembly.add(pieces[2])
    assert (first.data, first.ticks, first.torn) == (whole(0, 3), 5000, True)
    (second,) = assembly.add(pieces[3])
    assert (second.data, second.ticks - first.ticks, second.torn) == (whole(1, 1), 3000, False)


def test_without_markers_the_next_pictures_first_packet_ends_one() -> None:
    assembly = Assembly(Clock())
    pieces = [replace(piece, marker=False) for piece in stream([2, 2, 1])]
    assert [picture.data for picture in fed(assembly, pieces)] == [whole(0, 2), whole(1, 2)]


def test_padding_makes_no_picture_and_mends_no_tear() -> None:
    assembly = Assembly(Clock())
    first, second, third = stream([1, 1, 1])
    padding = replace(second, timestamp=first.timestamp, marker=False, data=b"")
    pictures = fed(assembly, [replace(first, data=b""), padding, replace(third, timestamp=8000)])
    assert [(picture.data, picture.torn) for picture in pictures] == [(third.data, True)]


def test_numbers_and_times_wrap() -> None:
    assembly = Assembly(Clock())
    pictures = fed(assembly, stream([2, 2, 2], first=65534, time=(1 << 32) - 3000))
    assert [picture.data for picture in pictures] == [whole(number, 2) for number in range(3)]
    assert [picture.ticks - pictures[0].ticks for picture in pictures] == [0, 3000, 6000]


def test_a_retransmission_in_time_costs_nothing() -> None:
    clock = Clock()
    assembly = Assembly(clock)
    pieces = stream([1, 3, 1, 1])
    late = pieces.pop(2)
    assert [picture.data for picture in fed(assembly, pieces)] == [whole(0, 1)]
    clock.now_s = PATIENCE_S * 0.9
    assert [picture.data for picture in assembly.add(late)] == [whole(1, 3), whole(2, 1), whole(3, 1)]
    assert assembly.lost == 0


def test_what_is_lost_is_given_up_and_the_next_picture_is_torn() -> None:
    clock = Clock()
    assembly = Assembly(clock)
    pieces = stream([1, 3, 2, 2])
    del pieces[2]
    fed(assembly, pieces[:5])
    clock.now_s = PATIENCE_S * 1.1
    pictures = fed(assembly, pieces[5:])
    assert assembly.lost == 1
    assert [(picture.data, picture.torn) for picture in pictures] == [
        (b"1.2 ", True),  # the rest of it, which no keyframe begins with
        (whole(2, 2), False),
        (whole(3, 2), False),
    ]


def test_patience_is_for_each_hole() -> None:
    clock = Clock()
    assembly = Assembly(clock)
    pieces = stream([1] * 6)
    first, second = pieces[1], pieces[3]
    fed(assembly, [pieces[0], pieces[2], pieces[4]])
    clock.now_s = PATIENCE_S * 0.9
    assembly.add(first)
    clock.now_s = PATIENCE_S * 1.5
    assembly.add(pieces[5])
    assert assembly.lost == 0
    assert len(assembly.add(second)) == 3


def test_a_stream_that_begins_anew_is_followed() -> None:
    assembly = Assembly(Clock())
    fed(assembly, stream([1, 1], first=100))
    pictures = fed(assembly, stream([1, 1], first=40_000, time=77))
    assert [picture.torn for picture in pictures] == [True, False]


def test_memory_is_bounded_where_packets_never_fit() -> None:
    assembly = Assembly(Clock())
    for number in range(3 * MOST_PACKETS):
        assembly.add(Piece(2 * number % 65536, 0, False, b""))
    assert len(assembly._pieces) <= MOST_PACKETS + 1


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=30),
    seed=st.integers(0, 1000),
    loss=st.sampled_from([0.0, 0.1]),
)
def test_whatever_the_order_pictures_are_whole_and_in_order(sizes: list[int], seed: int, loss: float) -> None:
    chance, clock = random.Random(seed), Clock()
    assembly = Assembly(clock)
    pieces = stream(sizes, first=65500)
    head, tail = pieces[:1], pieces[1:]
    late = sorted(range(len(tail)), key=lambda at: at + chance.uniform(0, 4))
    pictures = fed(assembly, head)
    for at in late:
        clock.now_s += 0.02
        if chance.random() >= loss:
            pictures += assembly.add(tail[at])
    wholes = [whole(number, size) for number, size in enumerate(sizes)]
    ticks = [picture.ticks for picture in pictures]
    assert ticks == sorted(set(ticks))
    untorn = [picture.data for picture in pictures if not picture.torn]
    assert all(data in wholes for data in untorn)
    if not loss:
        assert [picture.data for picture in pictures] == wholes
