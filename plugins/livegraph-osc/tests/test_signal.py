"""`osc.signal`: a fader feeds a parameter."""

from __future__ import annotations

import pytest
from osc_support import Udp, a_show, document, until


def test_the_newest_number_is_read() -> None:
    graph = document()
    graph["nodes"]["fader"] = {"use": "osc.signal", "params": {"address": "/?/fader1", "low": 0.5}}
    graph["nodes"]["b"]["params"] = {"open": {"from": "fader"}}
    with a_show(graph) as show, Udp(show.port) as client:
        assert show.osc.board.get("/?/fader1") is None
        client.send("/2/fader1", 0.5)
        until(lambda: show.osc.board.get("/?/fader1") == 0.5)
        client.send("/2/fader1", float("nan"))
        client.send("/2/fader1", "loud")
        until(lambda: {"value", "type"} <= set(show.refused))
        assert show.osc.board.get("/?/fader1") == 0.5


def test_it_starts_the_controller_where_the_graph_does_not_name_it() -> None:
    """With the default port, which may be taken: then the run says so."""
    graph = document()
    del graph["controllers"]
    graph["nodes"]["fader"] = {"use": "osc.signal", "params": {"address": "/x"}}
    graph["nodes"]["b"]["params"] = {"open": {"from": "fader"}}
    try:
        with a_show(graph) as show:
            assert show.port == 9000
    except AssertionError as error:
        assert "choose another port" in str(error)


@pytest.mark.parametrize("address", ["/[a", "/a//b"])
def test_an_address_that_is_none_ends_the_run_with_its_reason(address: str) -> None:
    graph = document()
    graph["nodes"]["fader"] = {"use": "osc.signal", "params": {"address": address}}
    graph["nodes"]["b"]["params"] = {"open": {"from": "fader"}}
    with pytest.raises(AssertionError, match=r"osc\.signal: address"), a_show(graph):
        pass


def test_off_loopback_without_networks_the_run_does_not_start() -> None:
    with pytest.raises(AssertionError, match=r"allow: \["), a_show(host="0.0.0.0"):
        pass
