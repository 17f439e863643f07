"""Ways to hold less."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph_wan.memory import Setting
from livegraph_wan.profile import PROFILES
from livegraph_wan.thrift import fits, fitting, next_way, ways_down
from livegraph_wan.window import Window

SETTINGS = st.builds(
    Setting,
    st.sampled_from(sorted(PROFILES.values(), key=lambda profile: profile.name)),
    st.sampled_from(("wan", "taehv")),
    st.tuples(st.integers(1, 2000), st.integers(1, 2000)),
    st.sampled_from((2, 4)),
    st.integers(1, 4),
)


@given(SETTINGS, st.booleans())
def test_every_step_saves_and_can_run(setting: Setting, taehv: bool) -> None:
    before, ways = setting, [steps[-1] for steps in ways_down(setting, taehv=taehv)]
    for way in ways:
        after = way.setting
        assert after.total < before.total
        profile, (width, height) = after.profile, after.painted
        Window(profile.window, sink=profile.sink, block=profile.frames_per_block, mode=profile.rope)
        assert width % 16 == height % 16 == 0
        assert after.size == setting.size
        assert taehv or after.vae == setting.vae
        before = after
    assert next_way(before, taehv=taehv) is None


@given(SETTINGS, st.floats(0.01, 2))
def test_no_step_more_than_it_takes(setting: Setting, share: float) -> None:
    free = round(setting.beside_weights * share)
    ways = fitting(setting, free, taehv=True)
    for way in ways[:-1]:
        assert not fits(way.setting.beside_weights, free)
    if ways and next_way(ways[-1].setting, taehv=True) is not None:
        assert fits(ways[-1].setting.beside_weights, free)


def test_wans_own_vae_goes_first_then_the_window_then_pixels() -> None:
    setting = Setting(PROFILES["self-forcing-1.3b"], "wan", (832, 480), 2)
    kinds = [steps[-1].kind for steps in ways_down(setting, taehv=True)]
    assert kinds[0] == "vae"
    assert kinds[1:5] == ["window"] * 4
    assert set(kinds[5:]) == {"size"}


def test_what_saves_next_to_nothing_is_passed_over() -> None:
    """wan's VAE holds four fifths of it: a shorter memory would be a worse picture for nothing."""
    profile = PROFILES["streamdiffusionv2-1.3b"]
    short = replace(profile, window=4, architecture=replace(profile.architecture, num_layers=1))
    way = next_way(Setting(short, "wan", (832, 480), 2), taehv=False)
    assert way is not None
    assert way.kind == "size"


@pytest.mark.parametrize(
    ("size", "painted"),
    [((832, 480), (624, 352)), ((256, 256), (192, 192)), ((640, 360), (480, 256)), ((64, 512), (64, 384))],
)
def test_fewer_pixels_in_whole_tokens(size: tuple[int, int], painted: tuple[int, int]) -> None:
    assert replace(Setting(PROFILES["wan-nano"], "nano", size, 4), scale=0.75).painted == painted
