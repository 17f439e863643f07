from __future__ import annotations

import io
import socket

import pytest

from livegraph_server import announce
from livegraph_server.announce import base_address, lines, show_code
from livegraph_server.listener import Listener


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def listener(host: str) -> Listener:
    with socket.socket() as unused:
        return Listener(unused, host, 8400)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8400"),
        ("::1", "http://[::1]:8400"),
        ("0.0.0.0", "http://10.0.0.7:8400"),
        ("::", "http://10.0.0.7:8400"),
    ],
)
def test_the_address_is_one_that_a_browser_can_open(monkeypatch: pytest.MonkeyPatch, host: str, address: str) -> None:
    monkeypatch.setattr(announce, "own_addresses", lambda: ["10.0.0.7", "127.0.0.1"])
    assert base_address(listener(host), "http") == address


def test_what_is_told_says_what_matters() -> None:
    said = list(lines("https://x/login?code=c", "TOKEN", login=True, fingerprint="AB:CD", plain=False))
    assert said[0] == "web: https://x/login?code=c (works once, within 10 minutes)"
    assert "Bearer TOKEN" in said[1] and "AB:CD" in said[2] and len(said) == 3
    assert list(lines("http://x/", None, login=False, fingerprint="", plain=False)) == ["web: http://x/"]


def test_a_code_to_scan_is_drawn_on_a_terminal_alone() -> None:
    terminal, file = Terminal(), io.StringIO()
    show_code("https://10.0.0.7:8400/login?code=abc", terminal)
    show_code("https://10.0.0.7:8400/login?code=abc", file)
    rows = terminal.getvalue().splitlines()
    assert len(rows) > 12 and set(terminal.getvalue()) <= set("█▀▄ \n") and len({len(row) for row in rows}) == 1
    assert file.getvalue() == ""
