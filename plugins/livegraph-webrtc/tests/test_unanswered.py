"""What is kept of too much."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph_webrtc.unanswered import MOST, MOST_SIZE, Unanswered


async def test_messages_come_in_order_and_are_waited_for() -> None:
    waiting = Unanswered()
    first = asyncio.create_task(waiting.take())
    await asyncio.sleep(0)
    assert not first.done()
    assert waiting.add("a") and waiting.add(b"b")
    assert [await first, await waiting.take()] == ["a", b"b"]
    assert len(waiting) == 0


async def test_of_too_many_the_newest_are_kept() -> None:
    waiting = Unanswered()
    assert all(waiting.add(str(number)) for number in range(MOST))
    assert not waiting.add("last")
    assert [await waiting.take() for _ in range(MOST)] == [*map(str, range(1, MOST)), "last"]


@pytest.mark.parametrize("size", [MOST_SIZE // 2, 3 * MOST_SIZE])
async def test_of_too_much_the_newest_is_kept(size: int) -> None:
    waiting = Unanswered()
    added = [waiting.add("x" * size) for _ in range(5)]
    assert added[0] and not added[-1] and len(waiting) == max(1, MOST_SIZE // size)


@given(st.lists(st.text(max_size=9) | st.binary(max_size=9) | st.none()))
def test_the_size_is_that_of_what_waits(steps: list[str | bytes | None]) -> None:
    async def follow() -> None:
        waiting = Unanswered()
        for said in steps:
            if said is not None:
                waiting.add(said)
            elif len(waiting):
                await waiting.take()
            assert waiting._size == sum(map(len, waiting._waiting)) and len(waiting) <= MOST

    asyncio.run(follow())
