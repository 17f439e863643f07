"""Reading signals that steer a node."""

from __future__ import annotations

from livegraph import Frame


def calmness(energy: Frame | None) -> float:
    """1 - energy, 0..1: a signal outside 0..1 is clipped; 1 where there is none, or no number yet (NaN)."""
    value = float(energy.data) if energy is not None and energy.data is not None else 0.0
    return 1.0 - min(value, 1.0) if value > 0 else 1.0
