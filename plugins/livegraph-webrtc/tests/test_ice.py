"""ICE servers and their credentials."""

from __future__ import annotations

import base64
import os
import time
from http import HTTPStatus
from typing import Any

import pytest
from aiortc.rtcconfiguration import RTCIceTransportPolicy
from webrtc_support import RealClock

from livegraph import Context, InputError
from livegraph_webrtc.ice import TTL_S, Ice, IceServer, own_turn, rest_password, rest_server
from livegraph_webrtc.output import WebRtcOut
from livegraph_webrtc.refusal import Refusal


def test_the_password_is_hmac_sha1_by_the_vectors_of_rfc_2202() -> None:
    """Test cases 2 and 1 of section 3; RFC 4648's base64 of them."""
    digest = bytes.fromhex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
    assert rest_password("Jefe", "what do ya want for nothing?") == base64.b64encode(digest).decode()
    digest = bytes.fromhex("b617318655057264e28bc0b6fb378c8ef146be00")
    assert rest_password("\x0b" * 20, "Hi There") == base64.b64encode(digest).decode()


def test_credentials_of_a_shared_secret_say_until_when_they_are_good() -> None:
    server = rest_server("turn:turn.example:3478", "secret", 1_700_000_000.9)
    assert server.username == f"{1_700_000_000 + TTL_S}:livegraph"
    assert server.credential == rest_password("secret", server.username)


async def test_the_environment_decides_between_both_kinds() -> None:
    url = "turn:turn.example:3478"
    named = {"LIVEGRAPH_TURN_USERNAME": "ann", "LIVEGRAPH_TURN_PASSWORD": "pass"}
    assert await own_turn(url, named, time.time)() == [IceServer((url,), "ann", "pass")]
    (server,) = await own_turn(url, named | {"LIVEGRAPH_TURN_SECRET": "s"}, lambda: 0.0)()
    assert server.username == f"{TTL_S}:livegraph"
    with pytest.raises(InputError, match="LIVEGRAPH_TURN_SECRET"):
        own_turn(url, {"LIVEGRAPH_TURN_USERNAME": "ann"}, time.time)


def test_links_are_as_rfc_9725_has_them() -> None:
    assert IceServer(("stun:stun.example.net",)).links() == ['<stun:stun.example.net>; rel="ice-server"']
    assert IceServer(("turn:turn.example.net?transport=udp",), "user", "myPassword").links() == [
        '<turn:turn.example.net?transport=udp>; rel="ice-server"; username="user"; credential="myPassword"; '
        'credential-type="password"'
    ]


def test_a_server_never_shows_its_credentials() -> None:
    shown = repr(IceServer(("turn:turn.example",), "ann", "open sesame"))
    assert "sesame" not in shown and "ann" not in shown


async def test_credentials_are_made_anew_at_half_of_their_life() -> None:
    now, made = [0.0], []

    async def turn() -> list[IceServer]:
        made.append(now[0])
        return [IceServer(("turn:turn.example",), "a", "b")]

    ice = Ice("stun:stun.example", turn, relay_only=True, now_s=lambda: now[0])
    for hour in range(24):
        now[0] = hour * 3600.0
        servers = await ice.servers()
    assert made == [0.0, 12 * 3600.0]
    configuration = ice.configuration(servers)
    assert [server.urls for server in configuration.iceServers or []] == [["stun:stun.example"], ["turn:turn.example"]]
    assert configuration.iceTransportPolicy == RTCIceTransportPolicy.RELAY


async def test_without_servers_none_is_used_not_even_aiortcs_own() -> None:
    ice = Ice()
    assert ice.configuration(await ice.servers()).iceServers == []


async def test_no_server_to_be_had_is_a_refusal() -> None:
    async def turn() -> list[IceServer]:
        return []

    with pytest.raises(Refusal) as refused:
        await Ice(turn=turn).servers()
    assert refused.value.status_code == HTTPStatus.BAD_GATEWAY


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"stun": "turn:host:1"}, "stun: 'turn:host:1' is no such address"),
        ({"stun": "nonsense"}, "expected stun:host:port"),
        ({"turn": "stun:host:1"}, "expected turn:host:port"),
        ({"turn": "turn:host:1"}, "LIVEGRAPH_TURN_SECRET"),
        ({"turn": "cloudflare"}, "CLOUDFLARE_TURN_KEY_ID and CLOUDFLARE_TURN_API_TOKEN"),
        ({"turn": "twilio"}, "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"),
        ({"relay_only": True}, "there is no TURN server"),
    ],
)
def test_what_is_missing_is_said_before_anybody_connects(
    params: dict[str, Any], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("LIVEGRAPH_TURN", "CLOUDFLARE", "TWILIO"))]:
        monkeypatch.delenv(name)
    node = WebRtcOut(WebRtcOut.Params(**params), Context("out", "live", RealClock()))
    with pytest.raises(InputError, match=reason):
        node._ice()


def test_none_of_it_can_be_set_or_seen_from_outside() -> None:
    for name in ("stun", "turn", "relay_only", "viewers"):
        extra: Any = WebRtcOut.Params.model_fields[name].json_schema_extra
        assert extra["remote"] is False
