from __future__ import annotations

import socket

import pytest

from livegraph_server.hosts import Hosts, name_of, own_addresses, own_names, same_origin


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost:8400", "localhost"),
        ("LocalHost", "localhost"),
        ("[::1]:8400", "::1"),
        ("192.168.1.5:1", "192.168.1.5"),
        ("", ""),
        ("user@localhost", ""),
        ("localhost/evil", ""),
        ("localhost:8400#", ""),
        ("[::1", ""),
    ],
)
def test_the_name_in_a_host_header(header: str, name: str) -> None:
    assert name_of(header) == name


@pytest.mark.parametrize("header", ["localhost:8400", "127.0.0.1", "[::1]:9", "10.9.8.7:80", "studio.example", "wall"])
def test_own_and_allowed_names_are_known(header: str) -> None:
    assert Hosts("10.9.8.7", environ={"LIVEGRAPH_HOSTS": "studio.example, Wall"}).knows(header)


@pytest.mark.parametrize("header", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "10.9.8.8", ""])
def test_other_names_are_not(header: str) -> None:
    assert not Hosts("10.9.8.7", environ={}).knows(header)


def test_the_machine_knows_itself() -> None:
    assert "127.0.0.1" in own_addresses()
    assert socket.gethostname().lower() in own_names()
    assert all(Hosts("127.0.0.1", environ={}).knows(name) for name in own_names())
    others = [address for address in own_addresses() if not address.startswith(("127.", "::1"))]
    assert own_addresses()[: len(others)] == others, "what others reach comes first"


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        ("http://localhost:8400", True),
        ("https://LOCALHOST:8400", True),
        ("http://localhost:8401", False),
        ("http://localhost", False),
        ("http://evil.example", False),
        ("null", False),
        ("file://localhost:8400", False),
        ("localhost:8400", False),
    ],
)
def test_an_origin_is_the_same_with_its_port(origin: str, same: bool) -> None:
    assert same_origin(origin, "localhost:8400") is same
