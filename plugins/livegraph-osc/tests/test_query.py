"""OSCQuery: HTTP and WebSocket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
from osc_support import Show, Udp, a_show, free_port, until
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from livegraph_osc.codec import read, write


@pytest.fixture(scope="module")
def show() -> Iterator[Show]:
    with a_show(query_port=free_port(), name="studio") as made:
        yield made


def get(show: Show, path: str, **headers: str) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", show.osc.params.query_port, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body) if body else None


def test_the_tree(show: Show) -> None:
    status, tree = get(show, "/")
    assert status == 200 and tree["FULL_PATH"] == "/"
    level = tree["CONTENTS"]["livegraph"]["CONTENTS"]["a"]["CONTENTS"]["level"]
    assert level.pop("CONTENTS")["norm"]["RANGE"] == [{"MIN": 0.0, "MAX": 1.0}]
    assert level == {
        "FULL_PATH": "/livegraph/a/level",
        "TYPE": "f",
        "ACCESS": 3,
        "VALUE": [0.0],
        "RANGE": [{"MIN": 0, "MAX": 1}],
        "DESCRIPTION": "a share",
        "UNIT": ["dB"],
    }
    assert "path" not in tree["CONTENTS"]["livegraph"]["CONTENTS"]["a"]["CONTENTS"]


def test_attributes(show: Show) -> None:
    assert get(show, "/livegraph/a/shape?VALUE") == (200, {"VALUE": ["sine"]})
    assert get(show, "/livegraph/a/shape?RANGE") == (200, {"RANGE": [{"VALS": ["sine", "saw", "square"]}]})
    assert get(show, "/livegraph/a?VALUE") == (204, None)
    assert get(show, "/livegraph/a/shape?NONE")[0] == 400
    assert get(show, "/livegraph/a/path")[0] == get(show, "/etc/passwd")[0] == 404
    status, info = get(show, "/?HOST_INFO")
    assert status == 200 and (info["NAME"], info["OSC_PORT"]) == ("studio", show.port) and info["EXTENSIONS"]["LISTEN"]


def test_only_under_its_own_name_and_from_its_own_pages(show: Show) -> None:
    for headers in ({"Host": "evil.example"}, {"Host": "127.0.0.1@evil"}, {"Origin": "http://evil.example"}):
        assert get(show, "/", **headers)[0] == 403
    port = show.osc.params.query_port
    assert get(show, "/", Host=f"localhost:{port}", Origin=f"http://localhost:{port}")[0] == 200
    with pytest.raises(InvalidStatus):
        connect(f"ws://127.0.0.1:{port}", origin=Origin("http://evil.example"), proxy=None)
    assert show.refused["network"] == 4


def test_a_socket_listens_and_sends(show: Show) -> None:
    with connect(f"ws://127.0.0.1:{show.osc.params.query_port}", proxy=None) as page, Udp(show.port) as client:
        page.send(json.dumps({"COMMAND": "LISTEN", "DATA": "/livegraph/a/level"}))
        page.send(json.dumps({"COMMAND": "LISTEN", "DATA": "/livegraph/a/path"}))
        until(lambda: show.refused.get("address"))
        client.send("/livegraph/a/level", 0.5)
        assert read(page.recv(10, decode=False))[0].messages[0].arguments == (0.5,)
        page.send(json.dumps({"COMMAND": "IGNORE", "DATA": "/livegraph/a/level"}))
        for hostile in ("{", "[" * 60_000, '{"COMMAND": 1}', "null"):
            page.send(hostile)
        until(lambda: show.refused.get("malformed") == 4)
        page.send(write("/livegraph/a/value", 7))
        show.becomes("a.value", 7)
    until(lambda: show.osc.status()["subscribers"] == 0)
