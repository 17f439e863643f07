from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from livegraph import InputError
from livegraph_server import listener
from livegraph_server.listener import listen


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens at."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_port_in_use_is_named_with_the_way_out(taken: int) -> None:
    with pytest.raises(InputError, match=f"port {taken} at 127.0.0.1 is in use by another program; choose another"):
        listen("127.0.0.1", taken)


def test_without_a_port_the_usual_one_is_taken_and_another_where_it_is_not_free(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "USUAL_PORT", taken)
    found = listen("127.0.0.1", None)
    found.socket.close()
    assert found.port not in (0, taken)
    with socket.create_server(("127.0.0.1", 0)) as free:
        usual = free.getsockname()[1]
    monkeypatch.setattr(listener, "USUAL_PORT", usual)
    found = listen("127.0.0.1", None)
    found.socket.close()
    assert found.port == usual


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match=r"--host 300.0.0.1: no such address"):
        listen("300.0.0.1", None)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(InputError, match=r"--host 198.51.100.1 is no address of this machine"):
        listen("198.51.100.1", None)


@pytest.mark.parametrize(
    ("host", "loopback", "everywhere"),
    [("127.0.0.1", True, False), ("localhost", True, False), ("127.9.9.9", True, False), ("0.0.0.0", False, True)],
)
def test_what_reaches_further_than_this_machine_is_known(host: str, loopback: bool, everywhere: bool) -> None:
    found = listen(host, 0)
    found.socket.close()
    assert (found.loopback, found.everywhere) == (loopback, everywhere)
