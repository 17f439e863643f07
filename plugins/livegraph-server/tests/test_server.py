from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any, ClassVar

import httpx
import pytest
from fastapi import APIRouter
from server_support import UNWATCHED, WATCHED, Play, Show, held, until

from livegraph import Frame, In, NodeError, NodeSpec, ServiceSpec, Sink, hookimpl
from livegraph.types import AnyPort
from livegraph_server import Output, Server


class Early(Server):
    """Asks itself how the run is while it is being made."""

    health: ClassVar[list[Any]] = []

    def __init__(self, run: Any) -> None:
        super().__init__(run)
        type(self).health.append(httpx.get(f"{self.address}/health", trust_env=False).json())


class Warming(Sink):
    """Takes its time to warm up, and is in trouble when it is told so."""

    video: In[AnyPort]
    go: ClassVar[threading.Event] = threading.Event()
    failing: ClassVar[bool] = False

    def warm_up(self) -> None:
        self.go.wait(20)

    def process(self, video: Frame) -> None:
        if self.failing:
            raise NodeError("the lamp is out")

    def status(self) -> dict[str, Any]:
        return {"backend": "lamp"}


class Brings:
    livegraph_api = "1"

    @hookimpl(trylast=True)
    def livegraph_services(self) -> list[ServiceSpec]:
        return [ServiceSpec("web", Early)]  # type: ignore[arg-type]

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("test.warming", Warming)]


def test_health_goes_through_every_state(play: Play) -> None:
    Early.health.clear()
    Warming.go.clear()
    Warming.failing = False
    nodes = {"scene": {"use": "test.source"}, "lamp": {"use": "test.warming", "in": "scene"}}
    show = play(nodes, (Brings(),), opened=False)
    until(lambda: show.run.health == "warming" and Early.health)
    assert Early.health[0]["state"] == "starting"
    with show.client() as client:
        until(lambda: client.get("/health").json()["state"] == "warming")
        assert client.get("/health").json()["nodes"]["lamp"]["warm"] is False
        Warming.go.set()
        until(lambda: client.get("/health").json()["state"] == "running")
        running = client.get("/health").json()
        assert running["reasons"] == {} and running["nodes"]["lamp"]["warm"]
        assert running["nodes"]["lamp"]["status"] == {"backend": "lamp"}
        Warming.failing = True
        until(lambda: client.get("/health").json()["state"] == "degraded")
        degraded = client.get("/health").json()
        assert "the lamp is out" in degraded["reasons"]["lamp"]
        assert "the lamp is out" in degraded["nodes"]["lamp"]["trouble"]


def test_a_server_that_outlives_its_run_says_that_it_has_ended(play: Play) -> None:
    show = play(UNWATCHED)
    other = Server(show.run)
    with httpx.Client(base_url=other.address, trust_env=False) as client:
        assert client.get("/health").json()["state"] == "running"
        show.stop()
        assert client.get("/health").json()["state"] == "ended"
        assert client.get("/api/v1/graph").json()["stats"]["nodes"]["scene"]["frames_out"] > 0
    other.close()


def test_the_graph_is_shown_with_its_controls_and_what_the_environment_gave_is_not(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOOK", "a secret look")
    nodes = {
        "scene": {"use": "test.source"},
        "still": {"use": "media.still", "in": "scene", "params": {"path": "out/here.png"}, "on_error": "skip"},
        "window": {"use": "test.slow", "in": "scene", "params": {"service_ms": 1}},
        "end": {"use": "test.collect", "in": "window"},
    }
    controls = {"speed": {"target": "window.service_ms", "range": [0, 5]}, "file": "still.path"}
    show = play(nodes, more={"controls": controls, "presets": {"slow": {"speed": 5}}})
    with show.client() as client:
        found = client.get("/api/v1/graph").json()
    assert [node["id"] for node in found["nodes"]] == [node.id for node in show.run.plan.nodes]
    assert found["controls"] == [
        {"name": "speed", "node": "window", "parameter": "service_ms", "range": [0, 5], "value": 1}
    ], "a path is neither shown nor named"
    assert "out/here.png" not in str(found)
    assert {"id", "from", "to", "policy", "format"} <= set(found["edges"][0])
    assert found["stats"]["sinks"]["end"]["frames"] >= 0 and found["presets"] == ["slow"]


def test_requests_run_on_a_loop_of_the_server_s_own(play: Play) -> None:
    show = play(UNWATCHED)
    assert show.server.loop is not show.run.host.loop
    router, seen = APIRouter(), []

    @router.get("/where")
    async def where() -> None:
        seen.append(threading.current_thread())

    show.server.include(router)
    with show.client() as client:
        client.get("/where")
    assert seen and seen[0] is not show.thread


def test_a_router_that_several_nodes_bring_is_included_once(play: Play) -> None:
    show = play(UNWATCHED)
    router = APIRouter()
    router.add_api_route("/once", lambda: 1)
    before = len(show.server._app.routes)
    for _ in range(3):
        show.server.include(router)
    assert len(show.server._app.routes) == before + 1


def test_what_a_plugin_offers_is_listed_until_it_is_withdrawn(play: Play) -> None:
    show = play(UNWATCHED)
    with show.client() as client:
        withdraw = show.server.offer(Output("cam", "whep", "/whep/cam"))
        offered = client.get("/api/v1/graph").json()["outputs"]
        assert offered == [{"id": "cam", "kind": "whep", "path": "/whep/cam"}]
        withdraw()
        assert client.get("/api/v1/graph").json()["outputs"] == []


def test_a_port_in_use_ends_the_run_with_what_to_do(play: Play) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        show = play(UNWATCHED, port=port)
        error = show.stop().error
    assert f"port {port} at 127.0.0.1 is in use by another program; choose another with --port" in str(error)
    assert threading.active_count() < 20


def test_a_weak_token_ends_the_run(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEGRAPH_TOKEN", "1234")
    assert "take 16 or more" in str(play(UNWATCHED).stop().error)


def test_off_loopback_a_token_is_made_and_told_and_plain_http_is_warned_of(play: Play) -> None:
    show = play(UNWATCHED, host="0.0.0.0")
    (line,) = [line for line in show.said if "Authorization: Bearer " in line]
    token = line.rpartition(" ")[2]
    assert any("/login?code=" in line for line in show.said)
    assert any("plain HTTP" in line and "--tls auto" in line for line in show.said)
    port = show.server.address.rpartition(":")[2]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        assert client.get("/api/v1/graph").status_code == 401
        assert client.get("/api/v1/graph", headers={"authorization": f"Bearer {token}"}).status_code == 200


def test_on_loopback_nothing_is_told_but_the_address(play: Play) -> None:
    show = play(WATCHED, asked=False)
    assert show.said == [f"web: {show.server.address}/"]


def stalled(show: Show, path: str) -> socket.socket:
    """A viewer that asks, and then reads no more."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect(("127.0.0.1", int(show.server.address.rpartition(":")[2])))
    made.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return made


def test_closing_cuts_off_all_who_do_not_read_at_once(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    show = play(WATCHED)
    router = APIRouter()
    router.add_api_route("/much", lambda: "x" * (16 << 20))
    show.server.include(router)
    hanging = [stalled(show, path) for path in ["/mjpeg/web"] * 5 + ["/much"] * 3]
    silent = socket.create_connection(("127.0.0.1", int(show.server.address.rpartition(":")[2])))
    until(lambda: show.server.pictures.channel("web").viewers == 5)
    until(lambda: sum(unsent > 1 << 20 for unsent in held(show)) == 3)
    server = show.server
    start = time.monotonic()
    server.close()
    assert time.monotonic() - start < 2
    assert not server._thread.is_alive() and not caplog.records
    for made in [*hanging, silent]:
        made.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.address}/health", trust_env=False)


def test_closing_does_not_wait_for_requests_that_hang(play: Play) -> None:
    show = play(UNWATCHED)
    router, asked = APIRouter(), threading.Semaphore(0)

    @router.get("/forever")
    async def forever() -> None:
        asked.release()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.1)

    show.server.include(router)
    hanging = [stalled(show, "/forever") for _ in range(5)]
    assert all(asked.acquire(timeout=5) for _ in hanging)
    start = time.monotonic()
    show.server.close()
    assert time.monotonic() - start < 3
    assert not show.server._thread.is_alive()
    for made in hanging:
        made.close()


def test_closing_without_viewers_is_quick_and_says_nothing(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    show = play(WATCHED)
    with show.client() as client:
        client.get("/health")
        start = time.monotonic()
        show.server.close()
        assert time.monotonic() - start < 1
    show.server.close()
    assert not caplog.records
