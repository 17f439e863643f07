from __future__ import annotations

import pytest

from livegraph import InputError
from livegraph_osc.access import Networks, destination


def test_off_loopback_it_asks_who_may() -> None:
    for host in ("0.0.0.0", "::", "192.168.1.5"):
        with pytest.raises(InputError, match=r"allow: \[192"):
            Networks(host, [])


def test_only_who_may_and_loopback() -> None:
    networks = Networks("0.0.0.0", ["192.168.1.0/24", "fd00::/8"])
    assert all(map(networks.may, ("192.168.1.9", "::ffff:192.168.1.9", "fd00::1", "127.0.0.1", "::1")))
    assert not any(map(networks.may, ("192.168.2.9", "10.0.0.1", "fe80::1%eth0", "8.8.8.8")))


def test_what_is_written_wrong_is_said() -> None:
    for wrong in (lambda: Networks("studio", []), lambda: Networks("127.0.0.1", ["x"]), lambda: destination("9001")):
        with pytest.raises(InputError, match="osc: "):
            wrong()
    assert destination("[::1]:9001") == ("::1", 9001)
