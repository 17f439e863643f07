from __future__ import annotations

import random

from livegraph_mqtt.backoff import BACK_S, LEAST_S, MOST_S, RESET_AFTER_S, Backoff


def waits(backoff: Backoff, count: int = 12) -> list[float]:
    return [backoff.wait_s() for _ in range(count)]


def test_it_doubles_to_its_cap_with_a_fifth_of_chance() -> None:
    got = waits(Backoff(random.Random(1)))
    for number, wait in enumerate(got):
        full = min(LEAST_S * 2**number, MOST_S)
        assert 0.8 * full <= wait <= full
    assert waits(Backoff(random.Random(2))) != got


def test_a_broker_that_was_there_is_never_left_for_longer_than_it_may_take_to_be_back() -> None:
    backoff = Backoff()
    waits(backoff)
    backoff.connected()
    assert max(waits(backoff)) <= BACK_S < 5


def test_only_a_connection_that_held_begins_anew() -> None:
    backoff = Backoff()
    waits(backoff)
    backoff.connected()
    backoff.held(RESET_AFTER_S / 2)
    assert backoff.wait_s() > 1
    backoff.held(RESET_AFTER_S)
    assert backoff.wait_s() <= LEAST_S
