"""Compiled for the shapes that occur: nothing breaks a graph, nothing is compiled again while a stream runs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch._dynamo.utils import counters

from livegraph_wan.capture import Rerun
from livegraph_wan.engine import Engine
from livegraph_wan.golden import read
from livegraph_wan.golden_torch import prepare
from livegraph_wan.stream import Stream, TorchBackend
from livegraph_wan.verify import _errors as errors_of
from livegraph_wan.verify import keeps

from .models import ADAPTIVE, make_model, show

CPU = torch.device("cpu")


def compiled_engine(vae: str, compiler: str, batch: int = 0) -> Engine:
    backend = TorchBackend(make_model(vae), ADAPTIVE, CPU, torch.float32, compiler=compiler)
    return Engine(backend, ADAPTIVE, batch=batch)


@pytest.fixture(autouse=True)
def _nothing_compiled():
    torch._dynamo.reset()
    counters.clear()
    yield
    torch._dynamo.reset()


@pytest.mark.parametrize(("vae", "batch", "graphs"), [("wan", 0, 4), ("taehv", 0, 4), ("nano", 2, 6)])
def test_a_stream_is_compiled_once(vae: str, batch: int, graphs: int) -> None:
    """`aot_eager` traces as inductor does and leaves out the code generation. A block of the transformer with and
    without the mask (of a stream batch, one row and two) and both halves of the VAE: no more graphs, however long it
    runs.
    """
    expected = show(Stream(make_model(vae), ADAPTIVE, device=CPU, dtype=torch.float32, batch=batch))
    engine = compiled_engine(vae, "aot_eager", batch)
    made = show(engine)
    assert made.shape == expected.shape
    assert np.abs(made.astype(int) - expected).max() <= 1
    assert counters["stats"]["unique_graphs"] == graphs
    assert not counters["graph_break"]
    with torch._dynamo.config.patch(error_on_recompile=True):
        engine.reset()
        assert np.abs(show(engine).astype(int) - expected).max() <= 1
    assert counters["stats"]["unique_graphs"] == graphs


@pytest.mark.parametrize("path", sorted((Path(__file__).parent / "golden").glob("*.safetensors")), ids=lambda p: p.stem)
@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_golden_vectors_keep_their_tolerance_compiled(path: Path, dtype: str) -> None:
    golden = read(path)
    run = prepare(golden, dtype, "aot_eager")
    for check, window in golden.windows.items():
        assert keeps(errors_of(run(window), golden.outputs[check]), "torch", dtype)
    assert counters["stats"]["unique_graphs"] == 4, "masked and full, for each of the two windows"


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # inductor's own
@pytest.mark.parametrize("vae", ["nano", "taehv"])
def test_compiled_by_inductor_a_stream_paints_the_same(vae: str) -> None:
    """Minutes of C++ compiling; then recorded as well, as on a GPU."""
    expected = show(Stream(make_model(vae), ADAPTIVE, device=CPU, dtype=torch.float32))
    backend = TorchBackend(make_model(vae), ADAPTIVE, CPU, torch.float32, compiler="inductor", recorder=Rerun)
    assert np.abs(show(Engine(backend, ADAPTIVE)).astype(int) - expected).max() <= 1


def test_nothing_is_compiled_once_the_show_has_begun() -> None:
    engine = compiled_engine("nano", "aot_eager")
    expected = show(engine)
    engine.settle()
    graphs = counters["stats"]["unique_graphs"]
    plain = Stream(make_model(), ADAPTIVE, device=CPU, dtype=torch.float32)
    larger = np.random.default_rng(1).integers(0, 256, (5, 4, 48, 64, 3), dtype=np.uint8)
    for stream in (engine, plain):
        stream.set_prompt("oil")
    for chunk in larger:
        assert np.abs(engine.step(chunk).astype(int) - plain.step(chunk)).max() <= 1
    assert counters["stats"]["unique_graphs"] == graphs
    engine.reset()
    assert np.array_equal(show(engine), expected)


@pytest.mark.parametrize("overlap", [False, True])
def test_nothing_is_compiled_when_it_steps_down_amid_the_show(overlap: bool) -> None:
    """A shorter window, another VAE, fewer pixels: each begins a stream of shapes that have not occurred before."""
    shorter, chunk = replace(ADAPTIVE, window=2), np.random.default_rng(1).integers(0, 256, (4, 32, 48, 3), np.uint8)
    backend = TorchBackend(make_model("wan"), ADAPTIVE, CPU, torch.float32, compiler="eager")
    engine = Engine(backend, ADAPTIVE, overlap=overlap)
    plain = Stream(make_model("wan"), ADAPTIVE, device=CPU, dtype=torch.float32, overlap=overlap)
    show(engine)
    engine.settle()
    graphs = counters["stats"]["unique_graphs"]
    assert graphs == 4
    taehv = make_model("taehv").vae
    for profile, vae, height in ((shorter, None, 32), (shorter, taehv, 32), (shorter, None, 16)):
        for stream in (engine, plain):
            stream.refit(profile, vae)
            stream.set_prompt("ink")
        for _ in range(5):
            given = chunk[:, :height]
            assert np.abs(engine.step(given).astype(int) - plain.step(given)).max(initial=0) <= 1
    assert counters["stats"]["unique_graphs"] == graphs


def test_a_stream_compiles_while_the_show_of_another_is_on() -> None:
    """And the first one goes on with what it has, although the second compiles for the same shapes and others."""
    on_stage, in_the_wings = compiled_engine("nano", "eager"), compiled_engine("nano", "eager")
    show(on_stage)
    on_stage.settle()
    graphs = counters["stats"]["unique_graphs"]
    in_the_wings.set_prompt("oil")
    larger = np.zeros((4, 48, 64, 3), np.uint8)
    with on_stage.backend.computing():  # as another thread would be, at any time
        for _ in range(5):
            in_the_wings.step(larger)
    assert counters["stats"]["unique_graphs"] == 2 * graphs
    on_stage.step(np.zeros((4, 64, 64, 3), np.uint8))
    assert counters["stats"]["unique_graphs"] == 2 * graphs


def test_the_whole_pass_is_one_graph() -> None:
    """Blocks are compiled one for all, but nothing between them stands in the way of compiling all as one."""
    model, graphs = make_model(), []

    def count(graph, inputs):
        graphs.append(graph)
        return graph

    backend = TorchBackend(model, ADAPTIVE, CPU, torch.float32)
    runner = backend.runner((32, 48), 1)
    prompt = model.transformer.read_prompt(torch.zeros(1, 3, 64))
    whole = torch.compile(runner._compute, backend=count, fullgraph=True, dynamic=False)
    runner.begin_block()
    given = torch.randn(1, 16, 1, 4, 6), None, torch.tensor([[900.0]])
    torch.testing.assert_close(whole(given, prompt)[0], runner._compute(given, prompt)[0], atol=1e-5, rtol=0)
    assert len(graphs) == 1


def test_the_picture_size_may_change_often() -> None:
    engine = compiled_engine("nano", "eager")
    engine.set_prompt("oil")
    for side in range(32, 32 + 16 * 5, 16):  # with and without the mask: two more than torch allows by itself
        for _ in range(4):
            assert engine.step(np.zeros((4, 32, side, 3), np.uint8)).shape == (4, 32, side, 3)
    assert counters["stats"]["unique_graphs"] == 5 * 4
