"""Recording and replaying: whatever a recorder does, calls see what plain calls see."""

import pytest
import torch
from torch import Tensor

from livegraph_wan.capture import CudaGraphs, Direct, Recorded, Rerun, mapped
from livegraph_wan.denoise import StreamBatch
from livegraph_wan.engine import Engine
from livegraph_wan.stream import Stream, TorchBackend

from .models import ADAPTIVE, make_model, show

CPU = torch.device("cpu")
CUDA = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here"))


def running_sum(given: tuple[Tensor, Tensor | None], kept: tuple[Tensor] | None):
    x, more = given
    total = x if kept is None else kept[0] + x
    return (total * 2 if more is None else total * 2 + more,), (total,)


def recorder_on(device: str):
    return CudaGraphs(torch.device(device)) if device == "cuda" else Rerun()


@pytest.mark.parametrize("device", ["cpu", CUDA])
def test_state_goes_from_replay_to_replay(device: str) -> None:
    plain, recorded = Direct(running_sum), Recorded(running_sum, recorder_on(device))
    states, made = [None, None], []
    for number in range(6):
        if number == 4:
            states = [None, None]  # a new stream begins, in the slots of the one before
        x = torch.full((2,), float(number), device=device)
        more = torch.ones(2, device=device) if number % 2 else None
        (a,), states[0] = plain((x, more), states[0])
        (b,), states[1] = recorded((x, more), states[1])
        made.append((a, b))
    for a, b in made:  # at the end, so that a result which a later replay overwrites is found out
        assert torch.equal(a, b)


@pytest.mark.parametrize("device", ["cpu", CUDA])
def test_what_stays_is_copied_once(device: str) -> None:
    recorded = Recorded(lambda given, kept: (given * kept[0], kept), recorder_on(device))
    first, second = (torch.tensor([value], device=device) for value in (2.0, 3.0))
    x = torch.ones(1, device=device)
    for kept in ((first,), (first,), (second,), (first,)):
        made, back = recorded(x, kept)
        assert back is kept
        assert made.item() == kept[0].item()
    assert first.item() == 2


def test_forms_that_differ_are_recorded_apart() -> None:
    calls = []
    recorded = Recorded(lambda given, kept: (calls.append(given.shape), (given + kept[0], kept))[1], Rerun())
    kept = (torch.ones(()),)
    for length in (2, 3, 2, 3):
        assert torch.equal(recorded(torch.zeros(length), kept)[0], torch.ones(length))
    assert len(calls) == 3 * 2 + 2, "a call, a recording and a replay for each form; then a replay each"


def test_a_state_that_changes_its_form_is_called_until_it_settles() -> None:
    recorded = Recorded(lambda given, kept: (given, torch.cat([kept, given])[-2:]), Rerun())
    state = torch.zeros(1)
    for number in range(4):
        _, state = recorded(torch.full((1,), float(number)), state)
    assert state.tolist() == [2, 3]


def test_trees_keep_their_form() -> None:
    prompt = make_model().transformer.read_prompt(torch.zeros(1, 3, 64))
    twice = mapped(lambda t: t * 2, prompt)
    assert type(twice) is type(prompt)
    assert torch.equal(twice.layers[1].v, prompt.layers[1].v * 2)
    assert twice.layers[0].k_image is None


@pytest.mark.parametrize("vae", ["nano", "taehv"])
@pytest.mark.parametrize("batch", [0, 2])
def test_a_recorded_stream_paints_the_same(vae: str, batch: int) -> None:
    expected = show(Stream(make_model(vae), ADAPTIVE, device=CPU, dtype=torch.float32, batch=batch))
    backend = TorchBackend(make_model(vae), ADAPTIVE, CPU, torch.float32, recorder=Rerun)
    recorded = show(Engine(backend, ADAPTIVE, batch=batch))
    assert recorded.shape == expected.shape
    assert abs(recorded.astype(int) - expected).max() <= 1


def test_passes_are_of_few_forms() -> None:
    """With and without the mask, for one row of a stream batch and for both."""
    backend = TorchBackend(make_model(), ADAPTIVE, CPU, torch.float32, recorder=Rerun)
    engine = Engine(backend, ADAPTIVE, batch=2)
    show(engine)
    assert isinstance(engine._session.denoiser, StreamBatch)
    keys = {key for key, _ in engine._session.denoiser.runner._pass._takes}
    assert keys <= {(rows, masked) for rows in (range(0, 1), range(1, 2), range(2)) for masked in (False, True)}
    assert (range(2), False) in keys


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
@pytest.mark.parametrize("overlap", [False, True])
def test_cuda_graphs_paint_what_plain_calls_paint(overlap: bool) -> None:
    device = torch.device("cuda")
    plain = Stream(make_model("taehv"), ADAPTIVE, device=device, dtype=torch.float32, compiled=False)
    backend = TorchBackend(make_model("taehv"), ADAPTIVE, device, torch.float32, recorder=lambda: CudaGraphs(device))
    made, expected = show(Engine(backend, ADAPTIVE, overlap=overlap)), show(plain)
    assert abs(made.astype(int) - expected).max() <= 1
