"""The cache's bookkeeping, as numbers."""

import pytest

from livegraph_wan.window import Window


def places(window: Window, blocks: int) -> list:
    return [window.begin_block() for _ in range(blocks)]


def test_a_ring_overwrites_the_oldest() -> None:
    assert [place.slot for place in places(Window(3, mode="relative"), 7)] == [0, 1, 2, 0, 1, 2, 0]
    assert [place.slot for place in places(Window(6, sink=3, block=3, mode="relative"), 4)] == [0, 3, 3, 3]


def test_a_sink_stays() -> None:
    window = Window(4, sink=2, mode="relative")
    assert [place.slot for place in places(window, 7)] == [0, 1, 2, 3, 2, 3, 2]
    assert window.slots() == [0, 1, 3, 2]


def test_relative_positions_never_pass_the_window() -> None:
    window = Window(4, sink=1, mode="relative")
    late = places(window, 50)[-1]
    assert late.queries == (3,)
    assert sorted(late.keys) == [0, 1, 2, 3]
    assert late.keys[late.slot] == 3


def test_absolute_positions_count_on() -> None:
    late = places(Window(4, sink=1, mode="absolute"), 50)[-1]
    assert late.queries == (49,)
    assert sorted(late.keys) == [0, 47, 48, 49]


def test_absolute_positions_stand_still_at_the_limit_without_a_jump() -> None:
    """Distances within the ring are what they were; the sink is as far behind as the checkpoint can count."""
    window = Window(4, sink=1, mode="absolute", limit=20)
    for place in places(window, 60)[20:]:
        assert place.queries == (19,)
        assert sorted(place.keys) == [0, 17, 18, 19]


def test_rewound_blocks_go_in_again_oldest_first() -> None:
    window = Window(4, sink=1, mode="absolute")
    before = places(window, 9)[-1]
    assert window.slots() == [0, 3, 1, 2]
    window.rewind()
    again = places(window, 4)
    assert [place.slot for place in again] == [0, 1, 2, 3]
    assert sorted(again[-1].keys) == sorted(before.keys)
    assert places(window, 1)[0].queries == (9,)


def test_a_rewound_relative_window_is_a_new_one() -> None:
    window = Window(3, mode="relative")
    places(window, 9)
    window.rewind()
    assert places(window, 3) == places(Window(3, mode="relative"), 3)


@pytest.mark.parametrize(("window", "sink", "block"), [(7, 0, 3), (3, 3, 1), (6, 2, 3)])
def test_partial_blocks_are_refused(window: int, sink: int, block: int) -> None:
    with pytest.raises(ValueError, match="whole blocks"):
        Window(window, sink=sink, block=block, mode="relative")
