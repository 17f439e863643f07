from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph_osc.codec import LARGEST
from livegraph_osc.framing import Framing, Unframer
from livegraph_osc.refused import Refused

PACKETS = st.lists(st.binary(max_size=30).map(lambda tail: b"/" + tail), max_size=5)


@given(PACKETS, st.sampled_from(["slip", "size"]), st.integers(1, 9))
def test_packets_come_through_in_any_pieces(packets: list[bytes], framing: Framing, piece: int) -> None:
    stream = b"".join(map(Unframer(framing).frame, packets))
    reading = Unframer("auto")
    came = [each for at in range(0, len(stream), piece) for each in reading.feed(stream[at : at + piece])]
    assert came == packets and (not packets or reading.framing == framing)


@pytest.mark.parametrize("start", [b"\x00\x01\x00\x01", b"\x00\xff\xff\xff", b"\xc0" + b"a" * (2 * LARGEST + 1)])
def test_what_is_too_large_is_refused(start: bytes) -> None:
    with pytest.raises(Refused, match="packet of") as refused:
        Unframer("auto").feed(start)
    assert refused.value.reason == "size"
