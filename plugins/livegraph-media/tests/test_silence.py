import io

import pytest

from livegraph_media.ffmpeg import open_container
from livegraph_media.silence import RATE, SAMPLES, Silence

PACKET_S = SAMPLES / RATE


@pytest.fixture
def silence() -> Silence:
    output = open_container(io.BytesIO(), "w", format="mpegts")
    silence = Silence(output)
    silence.prepare()
    return silence


def times(packets: list) -> list[float]:
    return [float(packet.pts * packet.time_base) for packet in packets]


def test_it_reaches_beyond_each_picture_without_a_hole(silence: Silence) -> None:
    heard = []
    for frame in range(90):
        heard += times(silence.beyond(frame * 33_333_333))
        assert frame / 30 <= heard[-1] + 1e-6 < frame / 30 + 2 * PACKET_S
    assert heard == pytest.approx([n * PACKET_S for n in range(len(heard))])


def test_a_long_time_without_pictures_is_left_out(silence: Silence) -> None:
    silence.beyond(0)
    after = times(silence.beyond(600_000_000_000))
    assert len(after) <= 2
    assert after[0] == pytest.approx(600, abs=PACKET_S)
