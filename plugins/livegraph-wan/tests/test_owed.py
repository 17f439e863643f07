"""Pictures that come when they are due."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from livegraph_wan.owed import Owed

CHUNK = 4


def numbered(first: int, count: int) -> np.ndarray:
    """Pictures that show their number."""
    return np.arange(first, first + count, dtype=np.uint8).reshape(-1, 1, 1, 1).repeat(3, 3)


@given(st.integers(0, 8), st.lists(st.integers(0, CHUNK), max_size=12))
def test_the_nth_out_is_for_the_nth_in_whatever_comes(delay: int, comes: list[int]) -> None:
    owed, made, given_out = Owed(delay), 0, 0
    for call, count in enumerate(comes, 1):
        out = owed.settle(numbered(made, count), numbered(0, CHUNK))
        made, given_out = made + count, given_out + len(out)
        assert given_out == max(0, call * CHUNK - delay)
    out = owed.last_ones(numbered(made, 2))
    given_out += len(out) + len(owed.rest())
    assert given_out in (0, CHUNK * len(comes))


def test_the_last_picture_stands_still_where_too_few_come() -> None:
    owed = Owed(0)
    assert owed.settle(numbered(1, 4), numbered(0, 4))[:, 0, 0, 0].tolist() == [1, 2, 3, 4]
    assert owed.settle(numbered(5, 1), numbered(0, 4))[:, 0, 0, 0].tolist() == [4, 4, 4, 5]
    assert owed.settle(numbered(0, 0), numbered(0, 4))[:, 0, 0, 0].tolist() == [5] * 4


def test_a_stream_that_comes_later_than_was_said_stays_as_late() -> None:
    owed = Owed(0)
    shown = [owed.settle(numbered(made, count), numbered(0, 4)) for made, count in ((1, 1), (2, 4), (6, 4))]
    assert np.concatenate(shown)[:, 0, 0, 0].tolist() == [1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert not len(owed.last_ones(numbered(10, 3)))
