"""A thousand viewers, one after the other."""

from __future__ import annotations

import json

import httpx
import pytest
from counted_support import check_joins, counted
from server_support import SCENE
from websockets.sync.client import connect

NODES = {
    "scene": SCENE,
    "web": {"use": "web.mjpeg", "in": "scene"},
    "out": {"use": "web.socket_out", "in": "scene"},
}


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_thousand_viewers_of_mjpeg_leave_nothing_behind() -> None:
    with counted(NODES) as show:

        def join(times: int) -> None:
            for _ in range(times):
                with httpx.stream("GET", f"{show.address}/mjpeg/web", trust_env=False) as answer:
                    next(answer.iter_raw(4096))

        print("web.mjpeg:", check_joins(show, join))


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_thousand_viewers_by_websocket_leave_nothing_behind() -> None:
    with counted(NODES) as show:

        def join(times: int) -> None:
            for _ in range(times):
                with connect(f"{show.address.replace('http', 'ws', 1)}/socket/out", proxy=None) as socket:
                    assert json.loads(socket.recv(timeout=10))["type"] == "frame"

        print("web.socket_out:", check_joins(show, join))
