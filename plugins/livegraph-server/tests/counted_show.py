"""A run in a process of its own: prints its address, and for each line that it gets what it holds, as JSON."""

import asyncio
import gc
import json
import sys
import threading
from typing import Any

import psutil
from server_support import Show, a_show


def counts(show: Show) -> dict[str, Any]:
    gc.collect()

    async def tasks() -> int:
        return len(asyncio.all_tasks())

    process = psutil.Process()
    times = process.cpu_times()
    return {
        "rss": process.memory_info().rss,
        "fds": process.num_fds(),
        "tasks": asyncio.run_coroutine_threadsafe(tasks(), show.server.loop).result(10),
        "threads": threading.active_count(),
        "cpu_s": times.user + times.system,
        "nodes": {name: node.get("status") or {} for name, node in show.run.stats()["nodes"].items()},
    }


def main() -> None:
    with a_show(json.loads(sys.argv[1])) as show:
        print(show.server.address, flush=True)
        for _ in sys.stdin:
            print(json.dumps(counts(show), default=str), flush=True)


main()
