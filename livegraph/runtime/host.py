"""What a worker may ask of its run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from livegraph.observe.trace import Trace
from livegraph.params import Versions
from livegraph.runtime.present import Playout
from livegraph.runtime.settle import Ledger
from livegraph.runtime.wake import Progress
from livegraph.types import Clock

if TYPE_CHECKING:
    from livegraph.runtime.function_life import FunctionLife


@dataclass(slots=True)
class Host:
    """Shared by all workers of a run; loop thread only.

    `epoch_ns`: the clock's time at run time 0; live pts count from it. `deadline_ns`: the age at which a live frame is
    no longer worth work. `lead_pts_ns`: the newest pts that any source has let in, of which `led` is told. `fail` ends
    the run; `lose`: a node is gone for good while the rest goes on; `degraded`: it is down and tried again, until
    `recovered`; `late`: a sink misses the latency budget, until `in_time`; `warn`: an error that it survives; `stop`
    asks for an orderly end, which `stopping` says has begun; `service`: what nodes share; `cancelled`: what is still
    under way is cut off. `let_go`: a node was torn down, and another is to take its place.
    """

    clock: Clock
    loop: asyncio.AbstractEventLoop
    live: bool
    progress: Progress
    trace: Trace | None
    say: Callable[[str, str], None]
    fail: Callable[[str, BaseException], None]
    lose: Callable[[str, BaseException], None]
    degraded: Callable[[str, BaseException], None]
    recovered: Callable[[str], None]
    late: Callable[[str, BaseException], None]
    in_time: Callable[[str], None]
    warn: Callable[[str, BaseException], None]
    stop: Callable[[], None]
    service: Callable[[str], Any]
    let_go: Callable[[], None] = lambda: None
    cpu: bool = False
    seed: int = 0
    epoch_ns: int = 0
    deadline_ns: int = 1_000_000_000
    lead_pts_ns: int = -(1 << 62)
    led: Callable[[int], None] = lambda pts_ns: None
    stopping: bool = False
    cancelled: bool = False
    until_pts_ns: int | None = None
    ledger: Ledger = field(default_factory=Ledger)
    playout: Playout = field(default_factory=Playout)
    versions: dict[str, Versions] = field(default_factory=dict)
    functions: Mapping[str, FunctionLife] = field(default_factory=dict)

    @property
    def run_time_ns(self) -> int:
        return self.clock.now_ns() - self.epoch_ns
