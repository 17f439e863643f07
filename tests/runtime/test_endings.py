"""Stop, cancel, hang and restart at awkward moments: what is held comes home, and what was opened is closed."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, ClassVar

import pytest
from runtime_support import balanced, chain, graph, play, plugin, prepared

from livegraph import EndOfStream, Frame, In, Node, Out, Sink
from livegraph.runtime import life
from livegraph.runtime.run import Run
from livegraph.testing import VirtualClock, VirtualLoop, run_graph
from livegraph.types import AnyPort


class SlowReset(Node):
    video: In[AnyPort]
    out: Out[AnyPort]

    async def process(self, video: Frame) -> Frame:
        return video

    async def reset(self) -> None:
        await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + 500_000_000)


def test_a_frame_whose_reset_is_cancelled_comes_home() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"restart_pts": 30}},
        "n": {"use": "test.slow_reset", "in": "src"},
        "out": {"use": "test.collect", "in": "n"},
    }
    _, outcome, _ = play(graph(nodes), 10.0, {1.2: Run.cancel}, plugin(slow_reset=SlowReset))
    assert balanced(outcome)


class HangsOnce(Node):
    video: In[AnyPort]
    out: Out[AnyPort]
    release: ClassVar[threading.Event]
    torn_down: ClassVar[list[str]]

    def process(self, video: Frame) -> Frame:
        if video.seq == 5:
            type(self).release.wait(20)
        return video

    def teardown(self) -> None:
        type(self).torn_down.append(threading.current_thread().name)


def test_a_thread_that_hung_is_replaced_under_skip_too() -> None:
    HangsOnce.release, HangsOnce.torn_down = threading.Event(), []
    nodes = {
        "src": {"use": "test.source"},
        "n": {"use": "test.hangs", "in": "src", "timeout": 0.4, "on_error": "skip"},
        "out": {"use": "test.collect", "in": "n"},
    }
    _, outcome, scripted = play(graph(nodes), 3.0, {}, plugin(hangs=HangsOnce), virtual=False)
    HangsOnce.release.set()
    assert outcome.stats["nodes"]["n"]["errors"] == 1
    assert len(scripted.kept["out"]) > 30


class HangsAsync(Node):
    video: In[AnyPort]
    out: Out[AnyPort]
    torn_down: ClassVar[int] = 0

    async def process(self, video: Frame) -> Frame:
        if video.seq == 5:
            await self.ctx.clock.sleep_until(10**15)
        return video

    async def teardown(self) -> None:
        type(self).torn_down += 1


def test_an_async_node_that_hung_is_torn_down() -> None:
    HangsAsync.torn_down = 0
    nodes = {
        "src": {"use": "test.source"},
        "n": {"use": "test.hangs", "in": "src", "timeout": 1.0},
        "out": {"use": "test.collect", "in": "n"},
    }
    play(graph(nodes), 5.0, {}, plugin(hangs=HangsAsync))
    assert HangsAsync.torn_down == 2  # the one that hung, and its successor


class SlowWarmUp(Node):
    video: In[AnyPort]
    out: Out[AnyPort]
    open: ClassVar[int] = 0

    async def setup(self) -> None:
        type(self).open += 1

    async def warm_up(self) -> None:
        await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + 10**10)

    async def process(self, video: Frame) -> Frame:
        return video

    async def teardown(self) -> None:
        type(self).open -= 1


def test_an_async_node_stopped_while_warming_is_torn_down() -> None:
    SlowWarmUp.open = 0
    nodes = {
        "src": {"use": "test.source"},
        "n": {"use": "test.warm", "in": "src"},
        "out": {"use": "test.collect", "in": "n"},
    }
    play(graph(nodes), 5.0, {0.5: Run.stop}, plugin(warm=SlowWarmUp))
    assert SlowWarmUp.open == 0


def test_a_stop_does_not_wait_for_a_camera_that_is_gone() -> None:
    nodes = {
        "src": {"use": "test.source", "params": {"fail_at": 0}},
        "out": {"use": "test.collect", "in": "src"},
    }
    _, outcome, _ = play(graph(nodes), None, {9.0: Run.stop})
    assert outcome.stats["duration_s"] < 10


class SlowFinish(Sink):
    """A recorder that takes its time to finalise."""

    video: In[AnyPort]
    finished: ClassVar[bool] = False

    async def process(self, video: Frame) -> None: ...

    async def teardown(self) -> None:
        await self.ctx.clock.sleep_until(self.ctx.clock.now_ns() + 2_000_000_000)
        type(self).finished = True


@pytest.mark.parametrize("cancels", [(1.5,), (1.5, 2.0)])
def test_a_sink_that_finalises_is_not_cut_short(cancels: tuple[float, ...]) -> None:
    SlowFinish.finished = False
    nodes = {"src": {"use": "test.source"}, "out": {"use": "test.file", "in": "src"}}
    at: dict[float, Any] = {1.0: Run.stop, **dict.fromkeys(cancels, Run.cancel)}
    _, outcome, _ = play(graph(nodes), 10.0, at, plugin(file=SlowFinish))
    assert SlowFinish.finished
    assert balanced(outcome)


def test_a_run_cancelled_from_outside_is_finalised() -> None:
    SlowFinish.finished = False
    nodes = {"src": {"use": "test.source"}, "out": {"use": "test.file", "in": "src"}}
    run, _ = prepared(graph(nodes), plugin(file=SlowFinish))
    loop = VirtualLoop(3)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await run.main(clock=VirtualClock(loop))
        assert all(task.done() for task in run._tasks)

    try:
        loop.run_until_complete(main())
    finally:
        loop.close()
    assert SlowFinish.finished


class Quits(Node):
    video: In[AnyPort]
    out: Out[AnyPort]

    def process(self, video: Frame) -> Frame:
        if video.seq == 5:
            raise SystemExit(3)
        return video


class QuitsAsync(Node):
    video: In[AnyPort]
    out: Out[AnyPort]

    async def process(self, video: Frame) -> Frame:
        if video.seq == 5:
            raise SystemExit(3)
        if video.seq == 9:
            raise asyncio.CancelledError
        return video


@pytest.mark.parametrize("cls", [Quits, QuitsAsync])
def test_a_node_cannot_quit_the_program(cls: type[Node]) -> None:
    nodes = {
        "src": {"use": "test.source"},
        "n": {"use": "test.quits", "in": "src", "on_error": "skip"},
        "out": {"use": "test.collect", "in": "n"},
    }
    _, outcome, scripted = play(graph(nodes), 1.0, {}, plugin(quits=cls), virtual=cls is QuitsAsync)
    assert outcome.stats["nodes"]["n"]["errors"] == (1 if cls is Quits else 2)
    assert len(scripted.kept["out"]) > 15


class Stuck(Node):
    video: In[AnyPort]
    out: Out[AnyPort]
    release: ClassVar[threading.Event]

    def process(self, video: Frame) -> Frame:
        if video.seq == 5:
            type(self).release.wait(20)
        return video


def test_an_offline_run_that_is_cancelled_does_not_wait_for_a_thread_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(life, "TEARDOWN_S", 0.3)
    Stuck.release = threading.Event()
    nodes = {
        "src": {"use": "test.source", "params": {"live": False, "frames": 30}},
        "n": {"use": "test.stuck", "in": "src"},
        "out": {"use": "test.collect", "in": "n"},
    }
    document = graph(nodes) | {"mode": "offline"}
    _, outcome, _ = play(document, None, {0.2: Run.cancel}, plugin(stuck=Stuck), virtual=False)
    Stuck.release.set()
    assert balanced(outcome)
    assert outcome.stats["duration_s"] < 3


@pytest.mark.parametrize("when", [0.0, 0.05, 1.0, 1.03])
@pytest.mark.parametrize("how", ["stop", "cancel"])
def test_whenever_it_is_ended_everything_settles(when: float, how: str) -> None:
    nodes = chain(30, 30, take=3)
    _, outcome, _ = play(graph(nodes), 10.0, {when: lambda run: getattr(run, how)()})
    assert outcome.stats["tickets"]["issued"] == outcome.stats["tickets"]["settled"]
    assert outcome.stats["duration_s"] < when + 3


def test_a_window_that_is_closed_ends_the_run() -> None:
    class Closed(Sink):
        presents = True
        video: In[AnyPort]

        async def process(self, video: Frame) -> Any:
            return EndOfStream() if video.seq >= 30 else None

    nodes = chain(5)
    nodes["window"] = {"use": "test.closed", "in": "n0"}
    result = run_graph(graph(nodes), plugins=[plugin(closed=Closed)], duration_s=60, virtual=1)
    assert result.outcome.ok
    assert result.stats["duration_s"] < 3


def test_the_last_frame_of_a_stream_that_ends_is_shown() -> None:
    nodes = chain(60)
    nodes["src"]["params"] |= {"frames": 31}
    result = run_graph(graph(nodes), virtual=1)
    assert result.payloads("out")[-1] == 30
    assert result.stats["sources"]["src"]["dropped"].get("stop", 0) == 0
