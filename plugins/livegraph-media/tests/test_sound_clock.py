"""A sound card whose clock drifts, on a machine that is busy, by pure arithmetic."""

from hypothesis import given, settings
from hypothesis import strategies as st
from media_support import steady

from livegraph_media.sound_clock import JUMP_NS, Placed, SoundClock

SECOND = 1_000_000_000
RATE, BLOCK = 48_000, 480


def captured_ns(index: int, ppm: float) -> int:
    """When the first sample of a block is heard by a card that is fast by `ppm` millionths."""
    return round(index * BLOCK / (RATE * (1 + ppm * 1e-6)) * SECOND)


def placed(delays_ns: list[int], ppm: float, clock: SoundClock | None = None) -> list[Placed]:
    """The places of blocks that come so late."""
    clock = clock or SoundClock(RATE)
    ends = (captured_ns(index + 1, ppm) + delay for index, delay in enumerate(delays_ns))
    return [clock.place(BLOCK, end) for end in ends]


@settings(steady, max_examples=25)
@given(ppm=st.floats(-500, 500), late=st.lists(st.integers(0, 150_000_000), min_size=10, max_size=50))
def test_blocks_lie_where_they_were_heard(ppm: float, late: list[int]) -> None:
    """However late the busy machine gets to most of them: one in each second comes on time."""
    delays = [0 if index % 100 == 0 else late[index % len(late)] for index in range(1000)]
    for index, place in enumerate(placed(delays, ppm)):
        assert abs(place.pts_ns - captured_ns(index, ppm)) < 4 * SECOND * abs(ppm) * 1e-6 + 100_000
        assert not place.jumped


def test_lost_samples_are_a_jump_within_a_few_seconds() -> None:
    clock = SoundClock(RATE)
    placed([0] * 1000, 50, clock)
    after = [clock.place(BLOCK, captured_ns(1300 + index, 50)) for index in range(1000)]
    (jump,) = [index for index, place in enumerate(after) if place.jumped]
    assert jump <= 500
    assert abs(after[jump].pts_ns - captured_ns(1299 + jump, 50)) < JUMP_NS // 10


def test_a_first_block_that_came_late_is_put_right() -> None:
    first, second, *_ = placed([70_000_000, 0, 0, 0], 0)
    assert (first.pts_ns, first.jumped) == (70_000_000, False)
    assert (second.pts_ns, second.jumped) == (10_000_000, True)
