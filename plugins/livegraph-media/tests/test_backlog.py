"""Packets on their way to a server: nothing here needs a server, a thread or a clock."""

from hypothesis import given
from hypothesis import strategies as st
from media_support import steady

from livegraph_media.backlog import Backlog
from livegraph_media.tracks import PICTURE, SOUND
from livegraph_media.wire import Chunk

FRAME_US = 40_000


def feed(backlog: Backlog, index: int, size: int = 100) -> str:
    """What a node does with a picture, and the sound beside it."""
    wanted = backlog.wanted(index * FRAME_US)
    if wanted != "nothing":
        backlog.put(Chunk(PICTURE, wanted == "keyframe", index * FRAME_US, bytes(size)))
        backlog.put(Chunk(SOUND, True, index * FRAME_US + 1, b"sound"))
    return wanted


def drain(backlog: Backlog) -> list[Chunk]:
    return list(iter(backlog.take, None))


def test_while_the_server_is_away_nothing_is_encoded_and_all_is_counted() -> None:
    backlog = Backlog()
    assert [feed(backlog, index) for index in range(5)] == ["nothing"] * 5
    assert (drain(backlog), backlog.dropped) == ([], 5)


def test_a_connection_begins_with_a_keyframe_of_its_moment() -> None:
    backlog = Backlog()
    for index in range(5):
        feed(backlog, index)
    backlog.open()
    assert [feed(backlog, index) for index in range(5, 8)] == ["keyframe", "picture", "picture"]
    first = backlog.take()
    assert first is not None
    assert (first.track, first.keyframe, first.pts_us) == (PICTURE, True, 5 * FRAME_US)
    assert backlog.dropped == 5


def test_a_picture_that_was_being_encoded_when_the_server_came_back_is_not_sent() -> None:
    backlog = Backlog()
    backlog.open()
    feed(backlog, 0)
    assert backlog.wanted(FRAME_US) == "picture"
    backlog.close()
    backlog.open()
    backlog.put(Chunk(PICTURE, False, FRAME_US, b"needs the one before"))
    assert drain(backlog) == []
    assert backlog.dropped == 2
    assert feed(backlog, 2) == "keyframe"


def test_a_server_that_is_too_slow_gets_the_newest() -> None:
    backlog = Backlog(span_us=10 * FRAME_US)
    backlog.open()
    wanted = [feed(backlog, index) for index in range(12)]
    assert wanted == ["keyframe", *["picture"] * 10, "keyframe"]
    assert [chunk.pts_us for chunk in drain(backlog) if chunk.track == PICTURE] == [11 * FRAME_US]
    assert backlog.dropped == 11


def test_it_is_bounded_in_bytes_too() -> None:
    backlog = Backlog(largest=1000)
    backlog.open()
    for index in range(20):
        feed(backlog, index, size=400)
    assert sum(len(chunk.data) for chunk in drain(backlog)) <= 1000 + 400 + 5


@steady
@given(st.lists(st.sampled_from(["frame", "frame", "frame", "late", "take", "open", "close"]), max_size=200))
def test_whatever_happens_what_is_sent_can_be_decoded_and_every_picture_is_accounted_for(steps: list[str]) -> None:
    """`late`: the connection is lost, and another made, while the picture is encoded."""
    backlog = Backlog(span_us=8 * FRAME_US)
    taken: list[Chunk] = []
    frames = 0
    for step in steps:
        if step == "open":
            backlog.open()
        elif step == "close":
            backlog.close()
        elif step == "take":
            taken += [chunk for chunk in [backlog.take()] if chunk is not None]
        elif (wanted := backlog.wanted((frames := frames + 1) * FRAME_US)) != "nothing":
            if step == "late":
                backlog.close()
                backlog.open()
            backlog.put(Chunk(PICTURE, wanted == "keyframe", frames * FRAME_US, b"x"))
    taken += drain(backlog)
    assert len(taken) + backlog.dropped == frames
    for before, chunk in zip([None, *taken], taken, strict=False):
        follows = before is not None and chunk.pts_us == before.pts_us + FRAME_US
        assert chunk.keyframe or follows
