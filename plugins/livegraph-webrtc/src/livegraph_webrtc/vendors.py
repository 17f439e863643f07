"""TURN from Cloudflare and Twilio: the requests for credentials, and what is in the answers. Pure, but for `ask`."""

from __future__ import annotations

import asyncio
import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from livegraph import InputError
from livegraph_webrtc.ice import TTL_S, IceServer, Provider
from livegraph_webrtc.refusal import Refusal

TIMEOUT_S = 5.0
MOST_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Asking:
    """A POST. The address and the headers carry secrets, so neither is shown."""

    vendor: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def cloudflare_asking(key_id: str, token: str) -> Asking:
    """developers.cloudflare.com/realtime/turn/generate-credentials."""
    url = f"https://rtc.live.cloudflare.com/v1/turn/keys/{quote(key_id, safe='')}/credentials/generate-ice-servers"
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    return Asking("Cloudflare", url, headers, json.dumps({"ttl": TTL_S}).encode())


def twilio_asking(account: str, token: str) -> Asking:
    """www.twilio.com/docs/stun-turn/api."""
    url = f"https://api.twilio.com/2010-04-01/Accounts/{quote(account, safe='')}/Tokens.json"
    basic = base64.b64encode(f"{account}:{token}".encode()).decode()
    headers = {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"}
    return Asking("Twilio", url, headers, urlencode({"Ttl": TTL_S}).encode())


def servers_in(vendor: str, answer: Any) -> list[IceServer]:
    """The servers in either vendor's answer, those first that aiortc reaches: it knows TURN over UDP, TCP and TLS."""
    found = answer.get("iceServers", answer.get("ice_servers")) if isinstance(answer, dict) else None
    listed = [found] if isinstance(found, dict) else found
    if not isinstance(listed, list) or not listed:
        raise Refusal(HTTPStatus.BAD_GATEWAY, f"{vendor} answered with no ICE servers")
    return [_server(vendor, each) for each in listed]


def vendor_turn(name: str, environ: Mapping[str, str], ask: Callable[[Asking], Any]) -> Provider:
    """`cloudflare` or `twilio`. `InputError` says which credentials are missing."""
    builder, variables = {
        "cloudflare": (cloudflare_asking, ("CLOUDFLARE_TURN_KEY_ID", "CLOUDFLARE_TURN_API_TOKEN")),
        "twilio": (twilio_asking, ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")),
    }[name]
    user, token = (environ.get(variable, "") for variable in variables)
    if not (user and token):
        raise InputError(f"turn: the environment has no credentials for {name}; set {' and '.join(variables)}")
    asking = builder(user, token)

    async def servers() -> list[IceServer]:
        return servers_in(asking.vendor, await asyncio.to_thread(ask, asking))

    return servers


def ask(asking: Asking) -> Any:
    """Send it; the JSON of the answer. `Refusal` without a word of what was sent."""
    request = urllib.request.Request(asking.url, asking.body, dict(asking.headers), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.loads(answer.read(MOST_BYTES))
    except urllib.error.HTTPError as error:
        error.close()
        raise Refusal(HTTPStatus.BAD_GATEWAY, f"{asking.vendor} gives no TURN credentials: HTTP {error.code}") from None
    except (OSError, ValueError) as error:
        kind = type(error).__name__
        raise Refusal(HTTPStatus.BAD_GATEWAY, f"{asking.vendor} gives no TURN credentials: {kind}") from None


def _server(vendor: str, given: Any) -> IceServer:
    """A browser leaves out port 53, which Cloudflare lists too: so do we."""
    try:
        urls = [given["urls"]] if isinstance(given["urls"], str) else list(given["urls"])
        usable = tuple(url for url in urls if ":53?" not in url and not url.endswith(":53"))
        return IceServer(usable, given.get("username", ""), given.get("credential", ""))
    except (KeyError, TypeError, AttributeError):
        raise Refusal(HTTPStatus.BAD_GATEWAY, f"{vendor} answered with ICE servers of an unknown form") from None
