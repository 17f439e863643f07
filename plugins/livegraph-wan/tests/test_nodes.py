"""wan.v2v as the runtime sees it, with the weights that ship."""

from collections.abc import Iterator

import numpy as np
import pytest

from livegraph import Frame, InputError
from livegraph_wan.nodes import WanV2V, padded


def frames(count: int = 4, height: int = 64, width: int = 64) -> list[Frame]:
    pictures = np.random.default_rng(1).integers(0, 256, (height // 16, width // 16, 3), dtype=np.uint8)
    picture = pictures.repeat(16, axis=0).repeat(16, axis=1)
    return [Frame(pts_ns=i * 40_000_000, seq=i, data=picture) for i in range(count)]


@pytest.fixture
def node() -> Iterator[WanV2V]:
    made = WanV2V(WanV2V.Params(device="cpu"))
    made.setup()
    yield made
    made.teardown()


def test_four_frames_come_back_with_their_own_times(node: WanV2V) -> None:
    given = frames()
    painted = node.process(given)
    assert [frame.pts_ns for frame in painted] == [frame.pts_ns for frame in given]
    for frame in painted:
        assert frame.data.shape == (64, 64, 3)
        assert frame.data.dtype == np.uint8
        assert not frame.data.flags.writeable
    assert (painted[0].data != given[0].data).any()


def test_a_new_prompt_holds_from_the_next_chunk(node: WanV2V) -> None:
    node.process(frames())
    before = node.process(frames())[0].data
    node.params = node.params.model_copy(update={"prompt": "black ink on white paper"})
    after = node.process(frames())[0].data
    assert np.ptp(after.astype(int), axis=2).mean() < 0.5 * np.ptp(before.astype(int), axis=2).mean()


def test_a_prompt_that_stays_is_not_read_again(node: WanV2V, monkeypatch: pytest.MonkeyPatch) -> None:
    node.process(frames())
    monkeypatch.setattr(node._stream, "set_prompt", lambda prompt: pytest.fail("read again"))
    node.process(frames())


def test_reset_forgets_the_pictures(node: WanV2V) -> None:
    first = node.process(frames())[3].data
    dark = [frame.with_data(frame.data // 4) for frame in frames()]
    node.process(dark)
    node.reset()
    assert (node.process(frames())[3].data == first).all()


def test_sizes_between_multiples_of_16_are_filled_up_and_cut_again(node: WanV2V) -> None:
    painted = node.process([f.with_data(f.data[:50, :40]) for f in frames()])
    assert painted[0].data.shape == (50, 40, 3)
    wide = padded(np.arange(2 * 3, dtype=np.uint8).reshape(1, 2, 3, 1))
    assert wide.shape == (1, 16, 16, 1)
    assert wide[0, 15, 15] == 5


def test_the_chunk_and_the_size_are_declared() -> None:
    assert (WanV2V.cadence.take, WanV2V.cadence.give) == (4, 4)
    assert WanV2V.preferred_size(WanV2V.Params()) == (256, 256)


def test_a_device_that_is_not_there_is_named() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(InputError, match="device cuda: torch"):
        WanV2V(WanV2V.Params(device="cuda")).setup()


def test_warm_up_leaves_no_trace(node: WanV2V) -> None:
    fresh = node.process(frames())[0].data
    node.reset()
    node.warm_up()
    assert (node.process(frames())[0].data == fresh).all()
