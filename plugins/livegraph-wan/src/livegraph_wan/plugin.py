"""What the plugin brings. Only names stand here: torch is imported when a node is set up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from livegraph import BackendSpec, BenchSpec, CheckpointSpec, ModelSpec, NodeSpec, PipelineSpec, hookimpl

if TYPE_CHECKING:
    import typer

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> Sequence[NodeSpec]:
    return [
        NodeSpec("wan.v2v", "livegraph_wan.nodes.v2v:WanV2V", "Repaint video after a prompt, with WAN diffusion"),
        NodeSpec("wan.t2v", "livegraph_wan.nodes.t2v:WanT2V", "Paint video from a prompt alone, with WAN diffusion"),
        NodeSpec(
            "wan.i2v", "livegraph_wan.nodes.i2v:WanI2V", "Set a still in motion after a prompt, with WAN diffusion"
        ),
    ]


@hookimpl
def livegraph_backends() -> Sequence[BackendSpec]:
    return [
        BackendSpec("mlx", 40, "livegraph_wan.mlx.device:probe", "MLX on an Apple GPU"),
        BackendSpec("torch-cuda", 30, "livegraph_wan.device:probe_cuda", "PyTorch on an NVIDIA or AMD GPU"),
        BackendSpec("torch-mps", 20, "livegraph_wan.device:probe_mps", "PyTorch on an Apple GPU"),
        BackendSpec("torch-cpu", 10, "livegraph_wan.device:probe_cpu", "PyTorch on the CPU"),
    ]


@hookimpl
def livegraph_pipelines() -> Sequence[PipelineSpec]:
    folder = Path(__file__).parent / "pipelines"
    return [
        PipelineSpec("cam2wan", str(folder / "cam2wan.yaml"), "A camera, repainted after a prompt, shown and kept."),
        PipelineSpec("file2wan", str(folder / "file2wan.yaml"), "A film, repainted after a prompt, every frame of it."),
        PipelineSpec("text2wan", str(folder / "text2wan.yaml"), "Video from a prompt alone, shown and kept."),
        PipelineSpec("still2wan", str(folder / "still2wan.yaml"), "A still, set in motion, shown and kept."),
    ]


@hookimpl
def livegraph_benches() -> Sequence[BenchSpec]:
    from livegraph_wan.bench.options import EXAMPLES, OPTIONS

    summary = "The engine's parts and the whole of it on this machine, live video repainted, what a graph adds."
    return [
        BenchSpec("wan", "livegraph_wan.bench:measure", summary, OPTIONS, EXAMPLES),
        BenchSpec("wan-nano", "livegraph_wan.nano.bench:measure", "The small model on pictures that were held back."),
        BenchSpec("wan-torch", "livegraph_wan.speed:measure", "Ways to run wan-nano on torch: which pays here."),
    ]


@hookimpl
def livegraph_models() -> Sequence[ModelSpec]:
    from livegraph_wan.catalogue import models

    return models()


@hookimpl
def livegraph_checkpoints() -> Sequence[CheckpointSpec]:
    target = "livegraph_wan.checkpoint.convert:convert"
    layouts, dtypes = ("original", "diffusers"), ("fp32", "bf16", "fp16")
    return [CheckpointSpec("wan", layouts, target, dtypes, "Transformers of Wan 2.1")]


@hookimpl
def livegraph_commands(app: typer.Typer) -> None:
    from livegraph_wan.commands import wan

    app.add_typer(wan)
