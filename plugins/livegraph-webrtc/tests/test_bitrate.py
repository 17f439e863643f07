"""Bitrates from feedback."""

from __future__ import annotations

import pytest

from livegraph_webrtc.bitrate import START_BPS, Estimate, Flow, Limits, shared_bps

LIMITS = Limits(300_000, 4_000_000)


def test_it_begins_modestly_and_within_the_limits() -> None:
    assert Estimate(LIMITS).bps == START_BPS
    assert Estimate(Limits(100_000, 500_000)).bps == 500_000
    assert Estimate(Limits(3_000_000, 5_000_000)).bps == 3_000_000


def test_an_estimate_below_what_is_sent_is_followed_down_to_the_floor() -> None:
    estimate = Estimate(LIMITS)
    estimate.remb(900_000, sent_bps=1_900_000, now_s=0)
    assert estimate.bps == 900_000
    estimate.remb(10_000, sent_bps=900_000, now_s=1)
    assert estimate.bps == LIMITS.least


def test_a_quiet_scene_lowers_nothing() -> None:
    estimate = Estimate(LIMITS)
    estimate.remb(300_000, sent_bps=200_000, now_s=0)
    assert estimate.bps == START_BPS


def test_a_higher_estimate_is_followed_up_to_the_ceiling() -> None:
    estimate = Estimate(LIMITS)
    estimate.remb(3_000_000, sent_bps=1_900_000, now_s=0)
    assert estimate.bps == 3_000_000
    estimate.remb(90_000_000, sent_bps=2_900_000, now_s=1)
    assert estimate.bps == LIMITS.most


def test_loss_lowers_as_the_gcc_draft_says() -> None:
    estimate = Estimate(LIMITS)
    estimate.loss(0.2, sent_bps=2e6, now_s=0)
    assert estimate.bps == pytest.approx(START_BPS * 0.9)
    estimate.loss(0.05, sent_bps=2e6, now_s=1)
    assert estimate.bps == pytest.approx(START_BPS * 0.9)


def test_without_loss_it_rises_only_where_nobody_estimates_and_the_rate_is_used() -> None:
    estimate = Estimate(LIMITS)
    estimate.loss(0.0, sent_bps=100_000, now_s=0)
    assert estimate.bps == START_BPS
    estimate.loss(0.0, sent_bps=1_900_000, now_s=1)
    assert estimate.bps == pytest.approx(START_BPS * 1.05)
    estimate.remb(2_200_000, sent_bps=1_900_000, now_s=2)
    estimate.loss(0.0, sent_bps=2_000_000, now_s=3)
    assert estimate.bps == 2_200_000


def test_the_slowest_viewer_decides() -> None:
    slow, fast = Estimate(LIMITS), Estimate(LIMITS)
    slow.remb(700_000, sent_bps=2e6, now_s=0)
    fast.remb(3_500_000, sent_bps=2e6, now_s=0)
    assert shared_bps(LIMITS, (slow, fast)) == 700_000
    assert shared_bps(LIMITS, ()) == START_BPS


def test_flow_tells_bits_and_pictures_per_second() -> None:
    flow = Flow(2.0)
    assert flow.per_second() is None
    for number in range(100):
        flow.add(number / 25, 1000)
    assert flow.per_second() == pytest.approx(25)
    assert flow.bps(99 / 25) == pytest.approx(25_000, rel=0.03)
    assert flow.bps(1000.0) == 0
