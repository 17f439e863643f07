"""`osc.signal`: a fader feeds a parameter."""

from __future__ import annotations

from typing import Any

import pytest
from osc_support import Show, Udp, a_show, document, until


def graph(**osc: Any) -> dict[str, Any]:
    """`b.open`, which its frames become, follows a fader."""
    made = document(**osc)
    made["nodes"]["fader"] = {"use": "osc.signal", "params": {"address": "/?/fader1", "low": 0.5, "default": 0.25}}
    made["nodes"]["b"]["params"] = {"open": {"from": "fader"}}
    made["nodes"]["out"] = {"use": "test.collect", "in": "b"}
    return made


def shown(show: Show) -> Any:
    """The parameter that the fader feeds, as the sink sees it."""
    return show.kept["out"][-1][0].data if show.kept.get("out") else None


def test_the_newest_number_reaches_the_sink() -> None:
    with a_show(graph()) as show, Udp(show.port) as client:
        until(lambda: shown(show) == 0.25)
        client.send("/2/fader1", 0.5)
        until(lambda: shown(show) == 0.75)
        client.send("/2/fader1", float("nan"))
        client.send("/2/fader1", "loud")
        until(lambda: {"value", "type"} <= set(show.refused))
        client.send("/2/fader2", 1.0)
        until(lambda: show.refused.get("address"))
        count = len(show.kept["out"])
        until(lambda: len(show.kept["out"]) > count + 5)
        assert shown(show) == 0.75


def test_two_runs_do_not_see_each_others_signals() -> None:
    with a_show(graph()) as one, a_show(graph()) as other, Udp(one.port) as client:
        client.send("/1/fader1", 1.0)
        until(lambda: shown(one) == 1.0)
        count = len(other.kept["out"])
        until(lambda: len(other.kept["out"]) > count + 5)
        assert shown(other) == 0.25


def test_it_starts_the_controller_where_the_graph_does_not_name_it() -> None:
    """With the default port, which may be taken: then the run says so."""
    unnamed = graph()
    del unnamed["controllers"]
    try:
        with a_show(unnamed) as show:
            assert show.port == 9000
    except AssertionError as error:
        assert "choose another port" in str(error)


@pytest.mark.parametrize("address", ["/[a", "/a//b"])
def test_an_address_that_is_none_ends_the_run_with_its_reason(address: str) -> None:
    wrong = graph()
    wrong["nodes"]["fader"]["params"]["address"] = address
    with pytest.raises(AssertionError, match=r"osc\.signal: address"), a_show(wrong):
        pass


def test_off_loopback_without_networks_the_run_does_not_start() -> None:
    with pytest.raises(AssertionError, match=r"allow: \["), a_show(host="0.0.0.0"):
        pass
