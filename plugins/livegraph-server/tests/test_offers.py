from __future__ import annotations

from livegraph_server import Input, Output
from livegraph_server.offers import Offers


def test_what_is_offered_is_listed_until_it_is_withdrawn() -> None:
    offers = Offers()
    withdraw = offers.add(Output("web", "mjpeg", "/mjpeg/web"))
    offers.add(Input("cam", "whip", "/whip/cam"))
    assert offers.document() == {
        "outputs": [{"id": "web", "kind": "mjpeg", "path": "/mjpeg/web"}],
        "inputs": [{"id": "cam", "kind": "whip", "path": "/whip/cam"}],
    }
    withdraw()
    withdraw()
    assert offers.document()["outputs"] == []


def test_a_node_that_was_given_up_does_not_withdraw_what_the_next_one_offers() -> None:
    offers = Offers()
    old = offers.add(Output("web", "mjpeg", "/mjpeg/web"))
    offers.add(Output("web", "mjpeg", "/mjpeg/web"))
    old()
    assert len(offers.document()["outputs"]) == 1
