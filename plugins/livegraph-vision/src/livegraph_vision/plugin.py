"""What the plugin brings. Only names stand here: OpenCV is imported when a node is set up."""

from __future__ import annotations

from collections.abc import Sequence

from livegraph import ConverterSpec, NodeSpec, hookimpl

livegraph_api = "1"


@hookimpl
def livegraph_nodes() -> Sequence[NodeSpec]:
    return [
        NodeSpec("vision.canny", "livegraph_vision.canny:Canny", "Thin white edges on black"),
        NodeSpec("vision.composite", "livegraph_vision.composite:Composite", "Lay one picture over another"),
        NodeSpec("vision.resize", "livegraph_vision.resize:Resize", "Bring pictures to a size"),
        NodeSpec(
            "vision.similarity_skip",
            "livegraph_vision.similarity_skip:SimilaritySkip",
            "Leave out frames that look like the last one kept",
        ),
        NodeSpec("vision.soft_edge", "livegraph_vision.soft_edge:SoftEdge", "Soft edges of several widths"),
        NodeSpec(
            "vision.temporal_blend",
            "livegraph_vision.temporal_blend:TemporalBlend",
            "Mix each frame with the one before it",
        ),
    ]


@hookimpl
def livegraph_converters() -> Sequence[ConverterSpec]:
    return [
        ConverterSpec("yuv420p", "gray8", "livegraph_vision.converters:grey_from_yuv", 20),
        ConverterSpec("gray8", "yuv420p", "livegraph_vision.converters:yuv_from_grey", 20),
        ConverterSpec("gray8", "rgb24", "livegraph_vision.converters:rgb_from_grey", 20),
    ]
