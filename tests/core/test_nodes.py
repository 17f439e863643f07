"""core.delay and core.convert as the runtime calls them, and what the plugin lists."""

from __future__ import annotations

from itertools import permutations
from typing import Any, get_args

import numpy as np
import pytest

from livegraph import Context, Frame, InputError, PixelFormat
from livegraph.core import plugin
from livegraph.core.converter import Convert
from livegraph.core.delay import Delay
from livegraph.registry import Registry, resolve


class StoppedClock:
    def now_ns(self) -> int:
        return 0

    async def sleep_until(self, when_ns: int) -> None: ...


def context(**formats: Any) -> Context:
    return Context("node", "live", StoppedClock(), formats=formats)


def frames(count: int) -> list[Frame]:
    return [
        Frame(index * 40, index, data=np.full((2, 2), index, np.uint8), meta={"n": index}) for index in range(count)
    ]


def test_a_delay_gives_the_past_at_the_present_moment() -> None:
    delay = Delay(Delay.Params(frames=2))
    delay.setup()
    found = [delay.process(frame) for frame in frames(5)]
    assert found[:2] == [None, None]
    assert [(out.pts_ns, out.seq, int(out.data[0, 0]), out.meta["n"]) for out in found[2:] if out] == [
        (80, 2, 0, 0),
        (120, 3, 1, 1),
        (160, 4, 2, 2),
    ]


def test_a_delay_forgets_at_a_jump() -> None:
    delay = Delay(Delay.Params(frames=1))
    delay.setup()
    first, second, third = frames(3)
    delay.process(first)
    delay.reset()
    assert delay.process(second) is None
    assert delay.process(third) is not None


def test_convert_brings_pictures_to_the_planned_format() -> None:
    node = Convert(Convert.Params(), context(video="gray8", out="rgb24"))
    node.setup()
    (frame,) = frames(1)
    assert node.process(frame).data.shape == (2, 2, 3)
    already = frame.with_data(np.zeros((2, 2, 3), np.uint8))
    assert node.process(already) is already


def test_convert_uses_the_conversion_that_the_plan_names() -> None:
    node = Convert(Convert.Params(via=f"{__name__}:unused"), context(video="gray8", out="rgb24"))
    node.setup()
    with pytest.raises((ModuleNotFoundError, AttributeError)):
        node.process(frames(1)[0])


def test_convert_takes_only_pictures() -> None:
    node = Convert(Convert.Params(), context(video="gray8", out="rgb24"))
    node.setup()
    with pytest.raises(InputError, match="takes pictures on the host, got str"):
        node.process(Frame(0, data="text"))


def test_the_plugin_brings_its_nodes_and_every_conversion() -> None:
    registry = Registry(discover=False)
    assert registry.add(plugin, "core").state == "loaded"
    assert list(registry.nodes()) == ["core.convert", "core.delay", "core.envelope", "core.lfo", "core.math"]
    for name in registry.nodes():
        assert registry.node(name).__doc__
    pairs: list[tuple[PixelFormat, PixelFormat]] = list(permutations(get_args(PixelFormat), 2))
    for src, dst in pairs:
        spec = registry.converter(src, dst)
        assert spec is not None
        assert spec.priority == 0
        assert callable(resolve(spec.target))
