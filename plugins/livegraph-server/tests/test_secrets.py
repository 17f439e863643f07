"""What the environment gave, and where the program lies: nobody outside is told, also when something fails."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from attack_support import dial, say
from fastapi import APIRouter
from server_support import Play, Show, until

import livegraph_server
from livegraph import Frame, In, NodeError, NodeSpec, Param, Sink, hookimpl
from livegraph.types import AnyPort

SECRET = "correct-horse-battery-staple"
WAYS = ["/health", "/metrics", "/api/v1/graph", "/api/v1/openapi.json", "/"]


class Spills(Sink):
    """Says all that it knows: in an error, in the log, on the terminal, in its status."""

    video: In[AnyPort]
    key: str = Param("", live=True, doc="what nobody shall see")

    def process(self, video: Frame) -> None:
        self.ctx.say(f"the key is {self.key}")
        logging.getLogger("livegraph.spills").error("the key is %s", self.key)
        raise NodeError(f"cannot log in with {self.key!r}")

    def status(self) -> dict[str, Any]:
        return {"key": self.key, "all": [{"keys": self.key}]}


class Brings:
    livegraph_api = "1"

    @hookimpl
    def livegraph_nodes(self) -> list[NodeSpec]:
        return [NodeSpec("test.spills", Spills)]


@pytest.fixture
def spilling(play: Play, monkeypatch: pytest.MonkeyPatch) -> Show:
    monkeypatch.setenv("SPILLED", SECRET)
    nodes = {
        "scene": {"use": "test.source"},
        "leak": {"use": "test.spills", "in": "scene", "params": {"key": "${SPILLED}"}, "on_error": "skip"},
    }
    return play(nodes, (Brings(),), more={"controls": {"key": "leak.key"}})


def test_what_the_environment_gave_is_told_nowhere(spilling: Show, caplog: pytest.LogCaptureFixture) -> None:
    with spilling.client() as client:
        until(lambda: client.get("/health").json()["nodes"]["leak"]["errors"] > 3)
        for way in WAYS:
            assert SECRET not in client.get(way).text, way
        assert client.get("/api/v1/graph").json()["controls"][0]["value"] == "***"
    assert "the key is ***" in " ".join(spilling.said) and SECRET not in " ".join(spilling.said)
    assert "the key is ***" in caplog.text and SECRET not in caplog.text


def test_an_error_of_ours_says_nothing_of_its_cause(play: Play, caplog: pytest.LogCaptureFixture) -> None:
    show, router = play({"scene": {"use": "test.source"}, "end": {"use": "test.collect", "in": "scene"}}), APIRouter()

    @router.get("/broken")
    async def broken() -> None:
        raise ValueError(f"{SECRET} at {__file__}")

    show.server.include(router)
    with show.client() as client:
        answer = client.get("/broken")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    until(lambda: "ValueError" in caplog.text)  # whoever runs it is told


WRONG = [
    b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n",
    b"GET /mjpeg/nothing HTTP/1.1\r\nHost: localhost\r\n",
    b"PUT /health HTTP/1.1\r\nHost: localhost\r\n",
    b"POST /api/v1/login-codes HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n",
    b"GET / HTTP/1.1\r\nHost: evil.example\r\n",
    b"GET / HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n",
    b"GET /login?code=wrong HTTP/1.1\r\nHost: localhost\r\n",
    b"nonsense\r\n",
]


def test_no_refusal_says_where_the_program_lies_or_by_what_it_is_let_in(play: Play, guarded: str) -> None:
    show = play({"scene": {"use": "test.source"}, "end": {"use": "test.collect", "in": "scene"}})
    folders = {str(Path.home()), str(Path(livegraph_server.__file__).parent), str(Path.cwd()), "site-packages"}
    for login in (b"", f"Authorization: Bearer {guarded}\r\n".encode()):
        for wrong in WRONG:
            with dial(show.server.address) as made:
                heard = say(made, wrong + login + b"Connection: close\r\n\r\n").decode()
            assert heard.startswith("HTTP/1.1 4"), heard
            assert not [told for told in (*folders, guarded, "Traceback", 'File "') if told in heard], heard
