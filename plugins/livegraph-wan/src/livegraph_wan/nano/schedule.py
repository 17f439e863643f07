"""How long a training stage has been at work, how far along it is, and what it needs to go on after a stop."""

import time
from pathlib import Path
from typing import Any

import torch

from livegraph_wan.nano.parallel import agree


class Progress:
    """Part of a stage that is done, by the time worked: processor time on a CPU, wall clock beside a GPU.

    So neither a process that was stopped for a while nor a busy machine ends the training early.
    """

    def __init__(self, minutes: float, device: torch.device, spent: float = 0) -> None:
        """`spent` seconds have been worked before, in a run that this one goes on from."""
        self._clock = time.monotonic if device.type == "cuda" else time.process_time
        self._limit, self._begun = 60 * minutes, self._clock() - spent

    @property
    def seconds(self) -> float:
        """Worked so far."""
        return self._clock() - self._begun

    def part(self) -> float:
        """0 at the start, 1 and more at the end; the same in all processes."""
        return agree(self.seconds / self._limit)


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write it whole or not at all."""
    partial = path.with_suffix(".part")
    torch.save(state, partial)
    partial.replace(path)


def load_checkpoint(path: Path, device: torch.device) -> dict[str, Any] | None:
    """What `save_checkpoint` wrote; None where there is nothing to go on from."""
    if not path.exists():
        return None
    state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    return state
