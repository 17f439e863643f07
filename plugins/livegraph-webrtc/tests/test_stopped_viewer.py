"""A viewer whose process is stopped, as by a laptop that sleeps."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from webrtc_support import Feeder, TestWeb, Watcher, stage, until

from livegraph_webrtc.output import WebRtcOut
from livegraph_webrtc.viewer import CAPACITY, SILENT_S


class Lone:
    """The other process, and the numbers that it saw."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.numbers: list[int] = []

    async def connect(self, web: TestWeb, path: str) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        offer = json.loads(await self.process.stdout.readline())
        answer = await web.client.post(path, content=offer, headers={"content-type": "application/sdp"})
        self.process.stdin.write(json.dumps(answer.text).encode() + b"\n")
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            if line.strip().isdigit():
                self.numbers.append(int(line))


@asynccontextmanager
async def lone_watcher() -> AsyncIterator[Lone]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("lone_watcher.py")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    lone = Lone(process)
    try:
        yield lone
    finally:
        process.kill()
        await process.wait()
        await lone.reading


def connection_of(node: Any, position: int) -> dict[str, Any]:
    connection: dict[str, Any] = node.status()["connections"][position]
    return connection


async def test_it_costs_the_others_nothing_and_goes_on_from_a_keyframe() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        watcher = Watcher(on.web, "/whep/show")
        async with lone_watcher() as lone:
            with Feeder(node) as feeder:
                await asyncio.gather(lone.connect(on.web, "/whep/show"), watcher.start())
                await until(lambda: len(lone.numbers) > 10, within_s=20)
                lone.process.send_signal(signal.SIGSTOP)
                given, seen = feeder.given, len(watcher.seen)
                await until(lambda: connection_of(node, 1)["silent"] or connection_of(node, 0)["silent"], 3 * SILENT_S)
                await until(lambda: feeder.given > given + 180, within_s=30)
                assert len(watcher.seen) - seen >= 0.95 * 180 - 2
                skipped = [connection_of(node, each)["skipped"] for each in (0, 1)]
                assert sorted(bool(count) for count in skipped) == [False, True]
                resumed_at = feeder.given
                lone.process.send_signal(signal.SIGCONT)
                await until(lambda: len([n for n in lone.numbers if n > resumed_at]) > 20, within_s=20)
        assert feeder.failure is None
        await watcher.close()
        await asyncio.to_thread(node.teardown)


async def test_its_queue_is_bounded_where_its_connection_takes_nothing() -> None:
    async with stage() as on:
        node = await on.built(WebRtcOut)
        first, second = Watcher(on.web, "/whep/show"), Watcher(on.web, "/whep/show")
        with Feeder(node) as feeder:
            await first.start()
            await first.until(5)
            await second.start()
            await second.until(5)
            stuck = min(node._stream.video.viewers, key=lambda viewer: viewer.sent)
            recv, held = stuck.recv, asyncio.Event()

            async def stalled() -> Any:
                await held.wait()
                return await recv()

            stuck.recv = stalled
            given, seen = feeder.given, len(first.seen)
            await until(lambda: feeder.given > given + 90)
            assert len(first.seen) - seen >= 0.95 * 90 - 2
            assert len(stuck._backlog) <= CAPACITY
            before = len(second.seen)
            held.set()
            await second.until(before + 20)
            assert second.numbers == sorted(second.numbers)
        await asyncio.gather(first.close(), second.close())
        await asyncio.to_thread(node.teardown)
