"""When the shared encoder makes a keyframe."""

from __future__ import annotations

from livegraph_webrtc.keyframes import Keyframes


def encoded(keyframes: Keyframes, now_s: float) -> bool:
    """Encode a picture; whether it is a keyframe."""
    asked = keyframes.encoding()
    due = keyframes.due(now_s)
    if due:
        keyframes.came(now_s, asked)
    return due


def test_the_first_picture_is_one_and_then_one_per_gop() -> None:
    keyframes = Keyframes(gop_s=2.0)
    made = [second / 10 for second in range(60) if encoded(keyframes, second / 10)]
    assert made == [0.0, 2.0, 4.0]


def test_who_asks_gets_one_at_once_but_none_soon_after_the_last() -> None:
    keyframes = Keyframes(gop_s=60, least_s=0.5)
    encoded(keyframes, 0.0)
    keyframes.ask()
    assert keyframes.wait_s(0.1) == 0.4
    assert not encoded(keyframes, 0.4)
    assert encoded(keyframes, 0.5)
    assert keyframes.wait_s(5.0) is None
    keyframes.ask()
    assert encoded(keyframes, 5.0)


def test_those_who_ask_at_the_same_time_share_one() -> None:
    keyframes = Keyframes(gop_s=60, least_s=0.5)
    encoded(keyframes, 0.0)
    for _ in range(10):
        keyframes.ask()
    assert [encoded(keyframes, second) for second in (1.0, 2.0, 3.0)] == [True, False, False]


def test_who_asks_while_one_is_encoded_gets_the_next() -> None:
    keyframes = Keyframes(gop_s=60, least_s=0.5)
    asked = keyframes.encoding()
    keyframes.ask()
    keyframes.came(0.0, asked)
    assert keyframes.wait_s(0.6) == 0.0
