"""`webrtc.publish` into the `webrtc.in` of a second `livegraph run`, a process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from film_support import heard, write_film
from show_support import a_show
from sound_support import LIP_SYNC_NS, offsets_ns
from webrtc_support import until

FLASHES = range(25, 60 * 25, 25)


class Second:
    """The other process. `cam` is the newest status of its node of that name."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cam: dict[str, Any] = {}

    async def follow(self) -> None:
        async with httpx.AsyncClient(base_url=self.address, trust_env=False) as client:
            while True:
                try:
                    nodes = (await client.get("/health")).json().get("nodes", {})
                    self.cam = nodes.get("cam", {}).get("status", {})
                except httpx.TransportError:  # it does not listen yet
                    self.cam = {}
                await asyncio.sleep(0.1)

    def sender(self, figure: str) -> int:
        return int(next((each.get(figure, 0) for each in self.cam.get("connections", ())), 0))


@asynccontextmanager
async def a_second_livegraph(folder: Path, port: int, nodes: dict[str, Any]) -> AsyncIterator[Second]:
    """Ends by SIGINT, as from a keyboard, and properly."""
    graph = folder / "second.yaml"
    graph.write_text(json.dumps({"livegraph": 1, "name": "second", "nodes": nodes}))
    program = str(Path(sys.executable).with_name("livegraph"))
    process = await asyncio.create_subprocess_exec(program, "run", str(graph), "--port", str(port), "--quiet")
    second = Second(f"http://127.0.0.1:{port}")
    following = asyncio.create_task(second.follow())
    try:
        await until(lambda: "receiving" in second.cam, within_s=60)
        yield second
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        code = await process.wait()
    assert code == 0


async def test_whip_client_into_a_second_livegraph_picture_and_sound_arrive(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    film = write_film(tmp_path / "film.mp4", 60, FLASHES)
    target = tmp_path / "second.mkv"
    into = {
        "cam": {"use": "webrtc.in"},
        "record": {
            "use": "media.record",
            "in": {"video": "cam", "audio": "cam.audio"},
            "params": {"path": str(target)},
        },
    }
    async with a_second_livegraph(tmp_path, unused_tcp_port, into) as second:
        nodes = {
            "clip": {"use": "media.file", "params": {"path": str(film), "live": True}},
            "to": {
                "use": "webrtc.publish",
                "in": {"video": "clip", "audio": "clip.audio"},
                "params": {"url": f"{second.address}/whip/cam"},
            },
        }
        async with a_show(nodes) as show:
            await until(lambda: second.sender("pictures") > 200 and second.sender("audio_packets") > 400, within_s=60)
            status = show.node("to")
            assert (status["state"], status["listeners"]) == ("connected", 1)
        await until(lambda: not second.cam["connections"], within_s=20)
    assert show.outcomes[0].ok, show.outcomes[0].error
    white, clicks, _ = heard(target)
    offsets = offsets_ns([round(each * 1e9) for each in white], [round(each * 1e9) for each in clicks])
    assert len(offsets) >= 5
    assert all(abs(offset) <= LIP_SYNC_NS for offset in offsets), offsets
