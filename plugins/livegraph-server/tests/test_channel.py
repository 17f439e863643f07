from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from livegraph_server.channel import Channel, Closed


def text(picture: Any, quality: int) -> bytes:
    return f"{picture}@{quality}".encode()


def channel(encode: Any = text) -> Channel:
    return Channel(asyncio.get_running_loop(), encode)


async def test_nothing_is_encoded_while_nobody_waits() -> None:
    one = channel()
    for number in range(100):
        one.put(number, 80, 100)
    await asyncio.sleep(0.05)
    assert one.encodes == 0
    assert await one.next(one.before_newest()) == (100, b"99@80", 0)
    assert one.encodes == 1


async def test_who_comes_late_gets_the_picture_that_is_there_and_then_waits() -> None:
    one = channel()
    one.put("a", 80, 100)
    assert (await one.next(0)).jpeg == b"a@80"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await one.next(1)
    assert one._waiting == 0


async def test_before_the_first_picture_there_is_none_to_give() -> None:
    one = channel()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await one.next(one.before_newest())


def slow(picture: Any, quality: int) -> bytes:
    time.sleep(0.05)
    return text(picture, quality)


async def test_all_who_wait_share_one_encoding_whoever_goes_away() -> None:
    one = channel(slow)
    viewers = [asyncio.create_task(one.next(0)) for _ in range(5)]
    await asyncio.sleep(0)
    one.put("a", 80, 100)
    await asyncio.sleep(0.02)
    viewers[0].cancel()
    shots = await asyncio.gather(*viewers[1:])
    assert {shot.jpeg for shot in shots} == {b"a@80"} and one.encodes == 1


async def test_a_put_from_a_thread_wakes_who_waits() -> None:
    one = channel()
    thread = threading.Timer(0.05, one.put, ("a", 80, 100))
    thread.start()
    async with asyncio.timeout(5):
        assert (await one.next(0)).jpeg == b"a@80"
    thread.join()


async def test_the_newest_wins_while_an_encoding_takes_its_time() -> None:
    one = channel(slow)
    one.put(0, 80, 240)
    seen, got = 0, []
    feeding = asyncio.create_task(_feed(one, 60, 0.005))
    while not feeding.done():
        shot = await one.next(seen)
        seen = shot.number
        got.append(seen)
    assert len(got) < 20 and got == sorted(set(got))
    assert (await one.next(one.before_newest())).jpeg == b"60@80"


async def _feed(one: Channel, count: int, every_s: float) -> None:
    for number in range(1, count + 1):
        one.put(number, 80, 240)
        await asyncio.sleep(every_s)


async def test_no_more_pictures_a_second_than_asked_for() -> None:
    one = channel()
    ends = asyncio.get_running_loop().time() + 1.0
    feeding = asyncio.create_task(_steadily(one, 10))
    seen = 0
    while asyncio.get_running_loop().time() < ends:
        seen = (await one.next(seen)).number
    feeding.cancel()
    assert 8 <= one.encodes <= 12


async def _steadily(one: Channel, max_fps: float) -> None:
    while True:
        one.put("a", 80, max_fps)
        await asyncio.sleep(0.01)


async def test_closing_sends_everybody_home() -> None:
    one = channel()
    viewers = [asyncio.create_task(one.next(0)) for _ in range(3)]
    await asyncio.sleep(0)
    one.close()
    results = await asyncio.gather(*viewers, return_exceptions=True)
    assert all(isinstance(result, Closed) for result in results)


async def test_a_picture_that_cannot_be_encoded_is_told_to_who_waits_and_the_next_is_tried() -> None:
    def picky(picture: Any, quality: int) -> bytes:
        if picture == "bad":
            raise ValueError("bad")
        return text(picture, quality)

    one = channel(picky)
    one.put("bad", 80, 240)
    with pytest.raises(ValueError, match="bad"):
        await one.next(0)
    one.put("good", 80, 240)
    assert (await one.next(0)).jpeg == b"good@80"


def test_a_node_may_outlive_the_server() -> None:
    loop = asyncio.new_event_loop()
    one = Channel(loop, text)
    one._waiting = 1
    loop.close()
    one.put("a", 80, 30)
    assert one.newest() == 1
