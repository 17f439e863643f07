"""wan.v2v on MLX, as a Mac would choose it: the probe says that there is a GPU, MLX computes on what there is."""

from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest

from livegraph import Context, Frame, InputError
from livegraph_wan.mlx.stream import MlxBackend, Stream
from livegraph_wan.nodes.v2v import WanV2V


class NoClock:
    def now_ns(self) -> int:
        return 0


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mx.metal, "is_available", lambda: True)
    monkeypatch.setattr(mx, "device_info", lambda: {"device_name": "Apple M3"})


def node_on(backend: str, **params: object) -> WanV2V:
    node = WanV2V(WanV2V.Params(backend=backend, dtype="fp32", **params), Context("wan", "offline", NoClock()))
    node.setup()
    return node


def chunk(seed: int) -> list[Frame]:
    pictures = np.random.default_rng(seed).integers(0, 256, (4, 40, 50, 3), dtype=np.uint8)
    return [Frame(pts_ns=i * 40_000_000, seq=i, data=picture) for i, picture in enumerate(pictures)]


def test_auto_is_mlx_on_a_mac_and_paints_as_torch_does(mac: None) -> None:
    ours, theirs = node_on("auto"), node_on("torch-cpu")
    assert isinstance(ours._artist.stream.loaded.stream, Stream)
    for seed in range(3):
        got, wanted = (np.stack(node.process(chunk(seed))).astype(int) for node in (ours, theirs))
        assert got.shape == (4, 40, 50, 3)
        assert np.abs(got - wanted).max() <= 1
    assert got.std() > 10


def test_mlx_asked_for_where_it_does_not_work_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mx.metal, "is_available", lambda: False)
    with pytest.raises(InputError, match=r"mlx: mlx .* finds no Apple GPU"):
        node_on("mlx")


def test_memory_that_metal_refuses_is_survived(mac: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """MLX raises where a buffer is too large, and where a command found no memory that had not been begun yet."""
    node = node_on("auto")
    stream, decode, said = node._artist.stream, MlxBackend.decode, []
    monkeypatch.setattr(stream, "_means", replace(stream._means, say=said.append))
    node.process(chunk(0))

    def refuse(*given: object) -> None:
        monkeypatch.setattr(MlxBackend, "decode", decode)
        raise RuntimeError("[metal::malloc] Attempting to allocate 9 bytes which is greater than the maximum allowed")

    for line in ("once more, with all freed", "a window of 2 instead of 3 latent frames"):
        monkeypatch.setattr(MlxBackend, "decode", refuse)
        assert [picture.shape for picture in node.process(chunk(1))] == [(40, 50, 3)] * 4
        assert line in said[-1]
    assert len(node.process(chunk(2))) == 4
    assert stream.loaded.stream.profile.window == 2
