"""Threads that follow the load, on a machine that is only numbers."""

import threading
import time

import pytest
import torch

from livegraph_wan.threads import LATEST, ThreadPace, idle_cores

IDLE, BUSY = {1: 0.10, 2: 0.06}, {1: 0.11, 2: 0.8}
"""Seconds per chunk, by threads: as measured for wan-nano on two cores."""


class Machine:
    def __init__(self, *, most: int = 2, count: int = 2) -> None:
        self.now, self.times = 0.0, IDLE
        self.slow = 0
        """Chunks that were not computed by the better number."""
        self.pace = ThreadPace(count, most, self.idle, lambda: self.now)

    def idle(self) -> float:
        return 2 - self.pace.count if self.times is IDLE else 0.05

    def run(self, seconds: float, kind: object = 1) -> None:
        end, best = self.now + seconds, min(self.times, key=self.times.__getitem__)
        while self.now < end:
            self.slow += self.pace.count != best
            taken = self.times[self.pace.count]
            self.now += taken
            self.pace.took(taken, kind)


def test_one_thread_while_others_work_and_all_when_they_are_done() -> None:
    machine = Machine()
    machine.run(30)
    assert machine.pace.count == 2
    assert machine.slow == 0, "nothing is tried while nothing has changed"
    machine.times = BUSY
    machine.run(30)
    assert machine.pace.count == 1
    assert machine.slow <= 6, "the chunks that it takes to see it"
    machine.run(600)
    assert machine.slow <= 6, "and nothing is tried while there is no room"
    machine.times = IDLE
    machine.run(30)
    assert machine.pace.count == 2


def test_a_slower_machine_is_no_reason_for_ever_new_trials() -> None:
    machine = Machine()
    machine.run(10)
    machine.times = {1: 0.2, 2: 0.12}  # throttled, with either number
    machine.run(3600)
    assert machine.slow <= 3600 / LATEST * 2 + 12
    assert machine.pace.count == 2


def test_a_trial_that_goes_wrong_is_ended_at_once() -> None:
    machine = Machine(count=1)
    machine.times = BUSY
    machine.idle = lambda: 2.0  # the system says so, wrongly
    machine.pace = ThreadPace(1, 2, machine.idle, lambda: machine.now)
    machine.run(600)
    assert machine.pace.count == 1
    assert machine.slow <= 9, "one chunk each, after 5, 10, 20 ... 160 s"


def test_chunks_of_another_kind_are_no_drift() -> None:
    machine = Machine()
    machine.run(20, kind="one step")
    machine.times = {count: 3 * taken for count, taken in IDLE.items()}
    machine.run(20, kind="three steps")
    assert machine.pace.count == 2
    assert machine.slow == 0


def test_one_core_has_nothing_to_choose() -> None:
    machine = Machine(most=1, count=1)
    machine.run(100)
    assert machine.pace.count == 1


def test_idle_cores_are_counted() -> None:
    ask = idle_cores()
    time.sleep(0.2)
    assert ask() >= 0


def test_the_number_is_each_thread_s_own() -> None:
    """What `ThreadPace` rests on: two nodes, each on a thread of its own, choose without disturbing each other."""
    if "OpenMP" not in torch.__config__.parallel_info():
        pytest.skip("torch is built without OpenMP")
    seen = []

    def choose() -> None:
        torch.ones(9).add(1)
        torch.set_num_threads(1)
        seen.append(torch.get_num_threads())

    torch.set_num_threads(2)
    other = threading.Thread(target=choose)
    other.start()
    other.join()
    assert (seen, torch.get_num_threads()) == ([1], 2)
