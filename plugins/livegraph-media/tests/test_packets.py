from itertools import pairwise
from pathlib import Path

import av
from film_support import write_film

from livegraph_media.packets import Packets


def test_each_reader_gets_its_own_packets_in_order(tmp_path: Path) -> None:
    with av.open(str(write_film(tmp_path / "x.mkv"))) as film:
        pictures, sound = film.streams.video[0], film.streams.audio[0]
        packets = Packets(film, pictures, sound)
        taken = {0: [], 1: []}
        while (packet := packets.take(sound)) is not None:
            taken[1].append(packet)
        while (packet := packets.take(pictures)) is not None:
            taken[0].append(packet)
        assert len(taken[0]) == 50 + 1  # and the one that empties the decoder
        for index, of in taken.items():
            assert {packet.stream.index for packet in of} == {index}
            assert all(before.dts < after.dts for before, after in pairwise(of[:-1]))


def test_nobody_looks_further_than_within_reach(tmp_path: Path) -> None:
    with av.open(str(write_film(tmp_path / "x.mkv", 8, sound_s=0.05))) as film:
        pictures, sound = film.streams.video[0], film.streams.audio[0]
        packets = Packets(film, pictures, sound)
        while packets.take(sound, reach=20) is not None:
            pass
        for _ in range(20):
            assert packets.take(pictures) is not None
        assert packets.take(sound, reach=20) is None
        assert packets.take(sound) is not None
