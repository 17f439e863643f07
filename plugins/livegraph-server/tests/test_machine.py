from __future__ import annotations

import time

from livegraph_server.machine import MachineMeter


def test_work_shows_in_the_figures() -> None:
    meter = MachineMeter()
    ends = time.process_time() + 0.2
    while time.process_time() < ends:
        pass
    found = meter.read()
    assert found.process_percent > 10 and found.cpu_percent > 0 and found.process_memory > 1 << 20
