"""Packets of sound in order."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from livegraph_webrtc.reorder import PATIENCE, Reorder


def put(order: Reorder[int], numbers: list[int]) -> list[int]:
    return [ready for number in numbers for ready in order.put(number % 65536, number)]


def test_what_was_overtaken_is_waited_for() -> None:
    order: Reorder[int] = Reorder()
    assert put(order, [1, 3]) == [1]
    assert put(order, [2]) == [2, 3]
    assert order.lost == 0


def test_what_is_missing_is_given_up() -> None:
    order: Reorder[int] = Reorder()
    assert put(order, [1, 4, 5, 6]) == [1]
    assert put(order, [7]) == [4, 5, 6, 7]
    assert put(order, [2, 3]) == []
    assert order.lost == 2


def test_numbers_wrap_and_what_begins_anew_is_followed() -> None:
    order: Reorder[int] = Reorder()
    assert put(order, [65534, 65535, 65536, 65537]) == [65534, 65535, 65536, 65537]
    assert order.put(30_000, -1) == [-1]
    assert order.lost == 0


@given(seed=st.integers(0, 1000), loss=st.sampled_from([0.0, 0.1]))
def test_whatever_the_order_all_come_once_and_in_order(seed: int, loss: float) -> None:
    chance = random.Random(seed)
    order: Reorder[int] = Reorder()
    late = sorted(range(1, 300), key=lambda at: at + chance.uniform(0, PATIENCE))
    kept = [number for number in late if chance.random() >= loss]
    ready = put(order, [0, *kept])
    assert ready == sorted(set(ready))
    assert set(ready) | {*range(299 - PATIENCE, 300)} >= {0, *kept} if loss == 0 else len(ready) > 200
