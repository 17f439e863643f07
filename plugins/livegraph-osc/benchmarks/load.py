"""5,000 OSC messages a second on 50 parameters, a page and a publisher beside them, against the same run left alone:
`python load.py [--seconds 60]`.

The page (WebSocket) sets a parameter 20 times a second and hears of all changes, the publisher (MQTT, by mosquitto)
sets one 10 times a second. Idle rounds lie between those under load, with everybody connected and silent: how far they
lie apart is what the machine does by itself. The last round measures how long a change takes to the first frame that
has it, in frame periods. Each round is a run in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
from load_clients import MOSQUITTO, a_broker, an_osc_client, flood, free_port, mark, others
from load_show import KNOBS, PERIOD_NS, serve

ROUNDS = ("idle", "load", "idle", "load", "idle", "marks")
LOOKS = 7
"""At the memory, from the beginning to the end of a round."""
TO_ARRIVE_S = 0.5
"""Until all that was sent is there."""
EDGE = 1
"""Frames by which two equal stretches of time may differ."""
spawn = multiprocessing.get_context("spawn")


class Memory(threading.Thread):
    """MB that a process holds, at even points of a stretch of time."""

    def __init__(self, process: psutil.Process, seconds: float) -> None:
        super().__init__()
        self._process, self._pause_s = process, seconds / (LOOKS - 1)
        self.found: list[float] = []

    def run(self) -> None:
        began = time.monotonic()
        for number in range(LOOKS):
            time.sleep(max(began + number * self._pause_s - time.monotonic(), 0))
            self.found.append(round(self._process.memory_info().rss / 1e6, 2))


def one_round(what: str, seconds: float, broker: int) -> dict[str, Any]:
    osc = free_port(socket.SOCK_DGRAM)
    show, its = spawn.Pipe()
    people, theirs = spawn.Pipe()
    run = spawn.Process(target=serve, args=(its, osc, broker))
    run.start()
    rest = spawn.Process(target=others, args=(theirs, show.recv(), broker))
    rest.start()
    with an_osc_client(osc) as client:
        people.recv()
        time.sleep(1)  # all that is told at first is told
        show.send("begin")
        show.recv()
        people.send((seconds, what == "load"))
        watched = psutil.Process(run.pid)
        cpu_s, memory = sum(watched.cpu_times()[:2]), Memory(watched, seconds)
        memory.start()
        sent, last, marks = act(what, client, seconds)
        memory.join()
        used_s = sum(watched.cpu_times()[:2]) - cpu_s
        show.send("end")
        found = show.recv()
        time.sleep(TO_ARRIVE_S)
        show.send("tell")
        received, latest = show.recv()
    people.send("end")
    spoken, heard = people.recv()
    for process in (run, rest):
        process.join()
    seen = found.pop("seen")
    found = {"round": what, **found, "cpu": round(used_s / seconds, 3), "rss_mb": memory.found}
    if what == "load":
        of_others = {name: value for name, value in latest.items() if name not in ("web", "mark")}
        found |= {
            "sent": sent,
            "received": received,
            "last_wins": near(latest, last | spoken),
            "page_knows": near(heard, of_others),
        }
    return found | ({"periods_p95": periods(marks, seen), "marks": len(marks)} if marks else {})


def act(what: str, client: socket.socket, seconds: float) -> tuple[int, dict[str, float], dict[float, int]]:
    """How much the flood sent, what of it was last, and the marks with their times."""
    sent, last, marks = 0, dict[str, float](), dict[float, int]()
    if what == "load":
        sent, last = flood(client, KNOBS, seconds)
    elif what == "marks":
        marks = mark(client, seconds)
    else:
        time.sleep(seconds)
    return sent, last, marks


def near(known: dict[str, Any], values: dict[str, float]) -> bool:
    """Values travel in 32 bits."""
    return all(abs(known[name] - value) < 1e-6 for name, value in values.items())


def periods(marks: dict[float, int], seen: list[tuple[int, float]]) -> float:
    took = sorted((at_ns - marks[value]) / PERIOD_NS for at_ns, value in seen if value in marks)
    return round(took[int(len(took) * 0.95)], 2)


def judged(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Each load round against the spread of the idle ones."""
    idle, load = ([each for each in rounds if each["round"] == kind] for kind in ("idle", "load"))
    p95, frames = [each["age_p95_ms"] for each in idle], [each["frames"] for each in idle]
    return {
        "idle_age_p95_ms": [min(p95), max(p95)],
        "idle_frames": [min(frames), max(frames)],
        "age_met": all(each["age_p95_ms"] <= max(p95) for each in load),
        "frames_met": all(each["frames"] >= min(frames) - EDGE for each in load),
        "last_wins": all(each["last_wins"] and each["page_knows"] for each in load),
        "rss_second_half_mb": [round(each["rss_mb"][-1] - each["rss_mb"][LOOKS // 2], 2) for each in load],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    if MOSQUITTO is None:
        sys.stderr.write("mosquitto is not installed: apt-get install mosquitto\n")
        raise SystemExit(2)
    rounds = []
    with tempfile.TemporaryDirectory() as folder, a_broker(Path(folder)) as broker:
        for what in ROUNDS:
            rounds.append(one_round(what, seconds, broker))
            sys.stdout.write(json.dumps(rounds[-1]) + "\n")
            sys.stdout.flush()
    sys.stdout.write(json.dumps(judged(rounds)) + "\n")


if __name__ == "__main__":
    main()
