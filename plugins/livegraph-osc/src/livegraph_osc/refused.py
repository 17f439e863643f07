"""What is not done, and the word by which it is counted."""

from __future__ import annotations

from typing import Literal

Reason = Literal[
    "malformed",
    "network",
    "pattern",
    "depth",
    "timetag",
    "queue",
    "type",
    "address",
    "value",
    "size",
    "clients",
    "slow",
    "replies",
]


class Refused(Exception):
    """`reason` is what the run's statistics count it by."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason
