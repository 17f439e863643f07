"""Two RTP clocks on one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph_webrtc.lip_sync import STEP_NS, LipSync
from livegraph_webrtc.presentation import ntp_of

S = 1_000_000_000
MS = 1_000_000
UNIX_NS = 1_700_000_000 * S


def began(video_ticks: int = 900_000, sound_ticks: int = 48_000, late_ns: int = 0) -> LipSync:
    """The picture and the sound of one moment arrive, the sound `late_ns` later."""
    sync = LipSync()
    sync.video.arrived(video_ticks, 5 * S)
    sync.sound.arrived(sound_ticks, 5 * S + late_ns)
    return sync


def test_nothing_is_known_before_both_have_arrived() -> None:
    sync = LipSync()
    assert sync.offset_ns() is None
    sync.sound.arrived(0, S)
    assert sync.offset_ns() is None


def test_before_the_first_reports_what_arrives_together_is_together() -> None:
    assert began().offset_ns() == 10 * S - 1 * S
    sync = began(late_ns=30 * MS)
    sync.sound.arrived(96_000, 6 * S)  # this one took least
    assert sync.offset_ns() == 9 * S


def test_reports_of_both_decide() -> None:
    sync = began(late_ns=120 * MS)
    sync.video.reported(ntp_of(UNIX_NS), 900_000)
    assert sync.offset_ns() == 9 * S + 120 * MS
    sync.sound.reported(ntp_of(UNIX_NS + 50 * MS), 48_000)
    assert sync.offset_ns() == pytest.approx(9 * S + 50 * MS, abs=10)


def test_what_is_right_within_the_step_stays() -> None:
    sync = began()
    assert sync.offset_ns() == 9 * S
    for moved_ns, expected in ((STEP_NS - MS, 9 * S), (2 * STEP_NS, 9 * S + 2 * STEP_NS)):
        for _ in range(9):
            sync.video.reported(ntp_of(UNIX_NS), 900_000)
            sync.sound.reported(ntp_of(UNIX_NS + moved_ns), 48_000)
        assert sync.offset_ns() == pytest.approx(expected, abs=10)


def test_reports_that_waver_move_nothing() -> None:
    sync = began()
    for number, waver_ns in enumerate((0, 90 * MS, 0, 60 * MS, 0, -70 * MS, 0, 50 * MS, 0)):
        sync.video.reported(ntp_of(UNIX_NS + number * S), 900_000 + number * 90_000)
        sync.sound.reported(ntp_of(UNIX_NS + number * S + waver_ns), 48_000 + number * 48_000)
    assert sync.offset_ns() == pytest.approx(9 * S, abs=10)


def test_a_sender_whose_clock_was_set_is_followed() -> None:
    sync = began()
    for clock_ns in (UNIX_NS, UNIX_NS + 3600 * S):
        sync.video.reported(ntp_of(clock_ns), 900_000)
        sync.sound.reported(ntp_of(clock_ns + 100 * MS), 48_000)
    assert sync.offset_ns() == pytest.approx(9 * S + 100 * MS, abs=10)


def test_a_report_without_a_clock_says_nothing() -> None:
    sync = began()
    sync.video.reported(0, 0)
    assert sync.video.told_ns is None


@given(st.integers(0, 1 << 34), st.integers(0, 1 << 34), st.integers(-(10**10), 10**10))
def test_where_32_bits_wrap_the_offset_is_the_same(video: int, sound: int, apart_ns: int) -> None:
    sync = LipSync()
    sync.video.arrived(video, 0)
    sync.sound.arrived(sound, 0)
    sync.video.reported(ntp_of(UNIX_NS), video % (1 << 32))
    sync.sound.reported(ntp_of(UNIX_NS + apart_ns), sound % (1 << 32))
    wanted = apart_ns - sync.sound.own_ns(sound) + sync.video.own_ns(video)
    assert sync.offset_ns() == pytest.approx(wanted, abs=STEP_NS)
