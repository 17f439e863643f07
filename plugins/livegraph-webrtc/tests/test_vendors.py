"""TURN of Cloudflare and Twilio.

The answers are those that the vendors' documentation prints (developers.cloudflare.com/realtime/turn,
www.twilio.com/docs/stun-turn/api), read in November 2026; they were not recorded from an account of ours.
"""

from __future__ import annotations

import base64
import io
import json
import urllib.error
from typing import Any

import pytest

from livegraph_webrtc.ice import TTL_S, IceServer
from livegraph_webrtc.refusal import Refusal
from livegraph_webrtc.vendors import Asking, ask, cloudflare_asking, servers_in, twilio_asking, vendor_turn

# From Cloudflare's page "Generate credentials" (generate-ice-servers).
CLOUDFLARE = {
    "iceServers": [
        {"urls": ["stun:stun.cloudflare.com:3478", "stun:stun.cloudflare.com:53"]},
        {
            "urls": [
                "turn:turn.cloudflare.com:3478?transport=udp",
                "turn:turn.cloudflare.com:53?transport=udp",
                "turn:turn.cloudflare.com:3478?transport=tcp",
                "turns:turn.cloudflare.com:5349?transport=tcp",
            ],
            "username": "bc91b63e2b5d759f8eb9f3b58062439e",
            "credential": "ebd71f1d3edbc2b0edae3cd5a6d82284",
        },
    ]
}
# From the same page's older form (generate).
CLOUDFLARE_OLD = {"iceServers": CLOUDFLARE["iceServers"][1]}
# From Twilio's page "Network Traversal Service Tokens".
TWILIO = {
    "ttl": "86400",
    "username": "dc2d2894d5a9023620c467b0e71cfa6a",
    "password": "tE2DajzSJwnsSbc123",
    "account_sid": "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "ice_servers": [
        {"url": "stun:global.stun.twilio.com:3478", "urls": "stun:global.stun.twilio.com:3478"},
        {
            "url": "turn:global.turn.twilio.com:3478?transport=udp",
            "urls": "turn:global.turn.twilio.com:3478?transport=udp",
            "username": "dc2d2894d5a9023620c467b0e71cfa6a",
            "credential": "tE2DajzSJwnsSbc123",
        },
    ],
}


def test_cloudflare_is_asked_as_its_documentation_says() -> None:
    asking = cloudflare_asking("key/1", "token")
    assert asking.url == "https://rtc.live.cloudflare.com/v1/turn/keys/key%2F1/credentials/generate-ice-servers"
    assert asking.headers["authorization"] == "Bearer token"
    assert json.loads(asking.body) == {"ttl": TTL_S}


def test_twilio_is_asked_as_its_documentation_says() -> None:
    asking = twilio_asking("AC1", "token")
    assert asking.url == "https://api.twilio.com/2010-04-01/Accounts/AC1/Tokens.json"
    assert asking.headers["authorization"] == "Basic " + base64.b64encode(b"AC1:token").decode()
    assert asking.body == b"Ttl=%d" % TTL_S


def test_answers_become_servers() -> None:
    stun, turn = servers_in("Cloudflare", CLOUDFLARE)
    assert stun == IceServer(("stun:stun.cloudflare.com:3478",))
    assert len(turn.urls) == 3 and turn.username.startswith("bc91") and turn.credential.startswith("ebd7")
    assert servers_in("Cloudflare", CLOUDFLARE_OLD) == [turn]
    stun, turn = servers_in("Twilio", TWILIO)
    assert stun.urls == ("stun:global.stun.twilio.com:3478",)
    assert turn == IceServer(
        ("turn:global.turn.twilio.com:3478?transport=udp",), "dc2d2894d5a9023620c467b0e71cfa6a", "tE2DajzSJwnsSbc123"
    )


@pytest.mark.parametrize("answer", [None, [], {}, {"iceServers": []}, {"iceServers": [7]}, {"iceServers": [{}]}])
def test_other_answers_are_refused(answer: Any) -> None:
    with pytest.raises(Refusal, match="Cloudflare answered with"):
        servers_in("Cloudflare", answer)


async def test_a_vendors_turn_asks_for_credentials() -> None:
    asked: list[Asking] = []

    def answer(asking: Asking) -> Any:
        asked.append(asking)
        return TWILIO

    turn = vendor_turn("twilio", {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "token"}, answer)
    assert len(await turn()) == 2
    assert asked == [twilio_asking("AC1", "token")]


def test_a_failure_tells_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = cloudflare_asking("a-key-id", "a-token")
    for error, said in (
        (urllib.error.HTTPError(asking.url, 401, "a-token is wrong", {}, io.BytesIO()), "HTTP 401"),  # type: ignore[arg-type]
        (urllib.error.URLError("no route for a-key-id"), "URLError"),
        (TimeoutError("a-key-id"), "TimeoutError"),
    ):

        def fail(*args: Any, error: Exception = error, **options: Any) -> Any:
            raise error

        monkeypatch.setattr("urllib.request.urlopen", fail)
        with pytest.raises(Refusal) as refused:
            ask(asking)
        assert said in refused.value.detail
        assert "a-key-id" not in refused.value.detail and "a-token" not in refused.value.detail
        assert refused.value.__suppress_context__
    assert "a-token" not in repr(asking) and "a-key-id" not in repr(asking)
