from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from livegraph_mqtt.states import APART_S, States


def test_the_newest_wins_and_topics_go_in_turn() -> None:
    states = States()
    assert states.put("a", "1", 1) and states.put("b", "1", 1) and states.put("a", "2", 2)
    assert [states.take(0), states.take(0), states.take(0)] == [("a", "2"), ("b", "1"), None]
    assert states.wait_s(0) is None


def test_one_topic_is_sent_ten_times_a_second_and_holds_no_other_up() -> None:
    states = States()
    states.put("a", "1", 1)
    assert states.take(10.0) == ("a", "1")
    states.put("a", "2", 2)
    states.put("b", "1", 2)
    assert states.take(10.01) == ("b", "1") and states.take(10.01) is None
    assert states.wait_s(10.01) is not None and abs(states.wait_s(10.01) - (APART_S - 0.01)) < 1e-9  # type: ignore[operator]
    assert states.take(10.2) == ("a", "2")


def test_what_is_old_or_said_already_is_no_news() -> None:
    states = States()
    states.put("a", "2", 5)
    assert not states.put("a", "1", 4)
    assert states.take(0) == ("a", "2") and not states.put("a", "2", 6)
    states.again(["a", "unknown"])
    assert states.take(1) == ("a", "2")
    states.again()
    assert states.take(1) == ("a", "2")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 5), st.booleans()), max_size=60))
def test_what_was_sent_last_is_true_at_the_end(steps: list[tuple[str, int, bool]]) -> None:
    states, truth, sent, now = States(), {}, {}, 0.0
    for revision, (topic, value, take) in enumerate(steps):
        states.put(topic, str(value), revision)
        truth[topic] = str(value)
        now += 0.03
        if take and (due := states.take(now)):
            sent[due[0]] = due[1]
    while (wait := states.wait_s(now)) is not None:
        now += wait + 1e-6
        if due := states.take(now):
            sent[due[0]] = due[1]
    assert sent == truth
