"""Whatever happens on the way, what takes its place is one edition of the file, and never a mixture of two."""

from __future__ import annotations

import hashlib
import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from models_support import Manners, Shop

from livegraph import ModelError, ModelFile
from livegraph.models.download import download

SIZE = 150_000
EDITIONS = [random.Random(seed).randbytes(SIZE) for seed in (1, 2)]
SUMS = [hashlib.sha256(body).hexdigest() for body in EDITIONS]

edition = st.integers(0, 1)
request = st.tuples(edition, st.sampled_from(["serve", "cut", "refuse", "stop"]), st.integers(0, SIZE))
way = st.lists(request, max_size=4)


class Stop(Exception):
    """The user's Ctrl-C."""


def fetch(shop: Shop, target: Path, sha256: str | None, stop_at: int) -> None:
    def told(have: int) -> None:
        if have >= stop_at:
            raise Stop

    file = ModelFile("model.bin", SIZE, url=shop.address("/model.bin"), sha256=sha256)
    download(file, file.url, target, told, sha256, pause=0.0)


@settings(max_examples=60)
@given(way=way, last=edition, tagged=st.booleans(), ranges=st.booleans(), summed=st.booleans())
def test_never_a_mixture(way: list[tuple[int, str, int]], last: int, tagged: bool, ranges: bool, summed: bool) -> None:
    """Each request finds an edition, and is served, cut short, refused, or stopped by the user; the last is served."""
    with tempfile.TemporaryDirectory() as folder, Shop({}) as shop:
        target = Path(folder) / "model.bin"
        for which, what, at in [*way, (last, "serve", 0)]:
            tag = f'"{which}"' if tagged else ""
            shop.manners = Manners(ranges=ranges, tag=tag)
            shop.manners.editions = [(EDITIONS[which], tag)]
            shop.manners.cuts = [at] if what == "cut" else []
            shop.manners.answers = [(404, {})] if what == "refuse" else []
            try:
                fetch(shop, target, SUMS[last] if summed else None, at if what == "stop" else SIZE + 1)
            except (ModelError, Stop):
                assert not target.exists()
                continue
            assert target.read_bytes() in EDITIONS
            if summed:
                assert target.read_bytes() == EDITIONS[last]
            return
        raise AssertionError("the last request was served whole, and nothing came of it")
