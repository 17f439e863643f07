"""Whom a client may have us send to: nobody in a private network but themselves."""

from __future__ import annotations

import pytest
from aiortc import RTCIceCandidate
from aiortc.sdp import candidate_from_sdp

from livegraph_webrtc import reach
from livegraph_webrtc.reach import MOST_ASKED, Reach

PUBLIC = ["8.8.8.8", "2001:4860:4860::8888"]
PRIVATE = ["10.0.0.1", "172.16.0.9", "192.168.1.1", "100.64.0.1", "169.254.169.254", "fd00::1", "fe80::1"]
NOBODY = ["127.0.0.1", "::1", "0.0.0.0", "::", "224.0.0.251", "ff02::fb", "255.255.255.255", "240.0.0.1", "192.0.2.1"]
WRAPPED = ["::ffff:10.0.0.1", "::10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::1", "2001:0:a00:1::1"]
NAMES = ["localhost", "evil.example", "metadata.google.internal", "a.local.evil.example", "", "1.2.3", "0x7f000001"]


def candidate(host: str, port: int = 50_000, kind: str = "host", **other: object) -> RTCIceCandidate:
    made = candidate_from_sdp(f"1 1 udp 2130706431 {host or '-'} {port} typ {kind}")
    for name, value in other.items():
        setattr(made, name, value)
    return made


def asked(of: Reach, *hosts: str) -> list[str]:
    return [found.ip for found in of.asked([candidate(host) for host in hosts])]


@pytest.mark.parametrize("client", ["198.51.100.7", "8.8.4.4", "2001:db8::7", "", "not an address"])
def test_from_elsewhere_only_public_addresses_are_asked(client: str) -> None:
    of = Reach.of_client(client)
    assert asked(of, *PUBLIC) == PUBLIC
    assert asked(of, *PRIVATE, *NOBODY, *WRAPPED, *NAMES) == []


def test_in_a_private_network_a_client_is_asked_where_it_is_and_no_neighbour() -> None:
    of = Reach.of_client("192.168.1.7")
    assert asked(of, "192.168.1.7", "192.168.1.8", "10.0.0.1") == ["192.168.1.7"]


@pytest.mark.parametrize("client", ["::ffff:192.168.1.7", "192.168.1.7"])
def test_a_server_for_both_versions_knows_a_client_by_its_own_address(client: str) -> None:
    assert asked(Reach.of_client(client), "192.168.1.7", "::ffff:192.168.1.7") == ["192.168.1.7", "192.168.1.7"]


def test_a_hidden_address_is_where_the_client_asks_from_and_looked_up_nowhere() -> None:
    """Browsers put mDNS names in the place of addresses (draft-ietf-mmusic-mdns-ice-candidates)."""
    hidden = "0f5a6c1e-8b3d-4e2f-9a7c-1d2e3f4a5b6c.local"
    assert asked(Reach.of_client("192.168.1.7"), hidden) == ["192.168.1.7"]
    assert asked(Reach.of_client("127.0.0.1"), hidden) in ([], *([each] for each in Reach.of_client("::1").home))
    assert asked(Reach((), anywhere=True), hidden) == []


def test_a_client_on_this_machine_is_asked_at_the_machine_s_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "get_host_addresses", lambda **which: ["10.0.0.5", "fd00::5"])
    for client in ("127.0.0.1", "::1"):
        assert asked(Reach.of_client(client), "10.0.0.5", "10.0.0.6", "fd00::5", "127.0.0.1") == ["10.0.0.5", "fd00::5"]


def test_through_a_relay_any_address_is_asked_for_it_has_rules_of_its_own() -> None:
    assert asked(Reach.of_client("8.8.4.4", anywhere=True), *PUBLIC, *PRIVATE) == PUBLIC + PRIVATE


NO_MEDIA = [
    *({"port": port} for port in (0, -1, 53, 1023, 65_536, 1 << 70)),
    *({"component": 2}, {"protocol": "tcp"}, {"type": "prflx"}, {"type": "odd"}),
]


@pytest.mark.parametrize("other", NO_MEDIA)
def test_what_no_media_comes_from_is_not_asked(other: dict[str, object]) -> None:
    assert Reach().asked([candidate("8.8.8.8", **other)]) == []  # type: ignore[arg-type]


def test_an_offer_keeps_its_lines_but_for_those_candidates() -> None:
    lines = ["v=0", "m=video 9 x 97", *(f"a=candidate:1 1 udp 1 {host} 5000 typ host" for host in PUBLIC + PRIVATE)]
    sifted = Reach.of_client("8.8.4.4").sift("\n".join([*lines, "a=end-of-candidates", "a=mid:0", ""]))
    assert sifted.split("\r\n") == [*lines[:4], "a=mid:0", ""]


def test_no_more_are_asked_than_a_browser_has() -> None:
    lines = [f"a=candidate:1 1 udp 1 8.8.8.{n} 5000 typ host" for n in range(64)]
    assert Reach().sift("\r\n".join(lines)).count("a=candidate") == MOST_ASKED
