import io

from hypothesis import given
from hypothesis import strategies as st
from media_support import steady

from livegraph_media.wire import CONNECT, Chunk, Errand, read_chunk, read_errand, write_chunk, write_errand

chunks = st.builds(Chunk, st.integers(0, 255), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.binary(max_size=300))


@steady
@given(st.lists(chunks), st.binary())
def test_what_goes_in_comes_out(sent: list[Chunk], template: bytes) -> None:
    errand = Errand("rtmp://host/live/key\nß", "tee", {"a": "b"}, ["key"], template, 1.5)
    pipe = io.BytesIO()
    write_errand(pipe, errand)
    for chunk in [CONNECT, *sent]:
        write_chunk(pipe, chunk)
    pipe.seek(0)
    assert read_errand(pipe) == errand
    assert list(iter(lambda: read_chunk(pipe), None)) == [CONNECT, *sent]


@steady
@given(chunks, st.data())
def test_a_packet_that_breaks_off_is_none(chunk: Chunk, data: st.DataObject) -> None:
    pipe = io.BytesIO()
    write_chunk(pipe, chunk)
    whole = pipe.getvalue()
    assert read_chunk(io.BytesIO(whole[: data.draw(st.integers(0, len(whole) - 1))])) is None


def test_a_pipe_that_was_closed_brings_no_errand() -> None:
    assert read_errand(io.BytesIO()) is None
