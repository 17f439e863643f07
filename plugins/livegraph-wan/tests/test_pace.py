"""Steps that hold a rate."""

from livegraph_wan.pace import CALM, LOOKS, Pace


def play(pace: Pace, chunks: int, wanted: int, fps: float, per_step_s: float, vae_s: float = 0.02) -> list[int]:
    allowed = []
    for _ in range(chunks):
        steps = pace.allow(wanted, fps)
        allowed.append(steps)
        pace.took(vae_s + steps * per_step_s, 4, wanted, fps)
    return allowed


def test_without_a_target_it_is_what_is_asked_for() -> None:
    pace = Pace()
    assert play(pace, 10, 4, 0, 1.0) == [4] * 10
    assert play(pace, 3, 2, 0, 1.0) == [2] * 3


def test_it_steps_down_at_once_until_the_rate_holds() -> None:
    """30 frames a second leave 133 ms for a chunk of four: two steps of 50 ms and 20 ms of VAE."""
    allowed = play(Pace(), 4 * LOOKS, 4, 30, 0.05)
    assert allowed[:LOOKS] == [4] * LOOKS
    assert allowed[-1] == 2


def test_it_never_goes_below_one() -> None:
    assert play(Pace(), 10 * LOOKS, 4, 60, 1.0)[-1] == 1


def test_it_steps_up_only_after_a_long_calm() -> None:
    pace = Pace()
    play(pace, 4 * LOOKS, 4, 30, 0.2)
    assert pace.steps == 1
    allowed = play(pace, CALM + LOOKS + 1, 4, 30, 0.01)
    assert allowed[CALM // 2] == 1
    assert allowed[-1] == 2


def test_it_does_not_swing() -> None:
    """Where one step more would be too slow it is not tried again and again."""
    pace = Pace()
    play(pace, 4 * LOOKS, 4, 30, 0.05)
    assert set(play(pace, 10 * CALM, 4, 30, 0.05)) == {2}


def test_what_is_asked_for_anew_is_tried_at_once() -> None:
    pace = Pace()
    play(pace, 10, 2, 10, 0.01)
    assert pace.allow(4, 10) == 4
    assert pace.allow(1, 10) == 1


def test_one_slow_chunk_does_not_count() -> None:
    pace = Pace()
    play(pace, 10, 3, 20, 0.03)
    pace.took(5.0, 4, 3, 20)
    assert pace.allow(3, 20) == 3
