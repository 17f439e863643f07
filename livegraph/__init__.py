"""livegraph: a plugin-based node graph runtime for live AI video."""

import livegraph.cli.interrupt  # noqa: F401  (first: from here on Ctrl-C shows no traceback through what is imported)

# isort: split

from livegraph.bench.figure import Figure, Progress
from livegraph.control.change import Change
from livegraph.control.door import Door
from livegraph.control.knobs import Knob
from livegraph.controller import Controller
from livegraph.declare import In, Out
from livegraph.decorator import node
from livegraph.errors import (
    DeviceMemoryError,
    GraphError,
    InputError,
    LivegraphError,
    ModelError,
    NodeError,
    NodeHung,
    ParamError,
    PluginError,
    Problem,
    Stalled,
)
from livegraph.frame import EndOfStream, Frame, Gap
from livegraph.gpus import Gpu, all_gpus
from livegraph.hookspecs import (
    BackendFound,
    BackendSpec,
    BenchOption,
    BenchSpec,
    CheckpointSpec,
    ControllerSpec,
    ConverterSpec,
    PipelineSpec,
    ServiceSpec,
    hookimpl,
)
from livegraph.memory import MemoryNeed, MemoryPlace, Room, Saving
from livegraph.models import Licence, ModelFile, ModelSpec, find_model, require_model
from livegraph.models.place import readable
from livegraph.node import Cadence, Context, Function, Node, NodeSpec, Sink, Source
from livegraph.params import Param, Params
from livegraph.picture import Yuv420p, matrix_for, pixel_format, size_of
from livegraph.room import room_of
from livegraph.service import Service, Serving
from livegraph.types import (
    AnyPort,
    Audio,
    Depth,
    Flow,
    Image,
    Latent,
    Mask,
    PixelFormat,
    Pose,
    Signal,
    Size,
    Text,
    Video,
)
from livegraph.version import __version__

__all__ = [
    "AnyPort",
    "Audio",
    "BackendFound",
    "BackendSpec",
    "BenchOption",
    "BenchSpec",
    "Cadence",
    "Change",
    "CheckpointSpec",
    "Context",
    "Controller",
    "ControllerSpec",
    "ConverterSpec",
    "Depth",
    "DeviceMemoryError",
    "Door",
    "EndOfStream",
    "Figure",
    "Flow",
    "Frame",
    "Function",
    "Gap",
    "Gpu",
    "GraphError",
    "Image",
    "In",
    "InputError",
    "Knob",
    "Latent",
    "Licence",
    "LivegraphError",
    "Mask",
    "MemoryNeed",
    "MemoryPlace",
    "ModelError",
    "ModelFile",
    "ModelSpec",
    "Node",
    "NodeError",
    "NodeHung",
    "NodeSpec",
    "Out",
    "Param",
    "ParamError",
    "Params",
    "PipelineSpec",
    "PixelFormat",
    "PluginError",
    "Pose",
    "Problem",
    "Progress",
    "Room",
    "Saving",
    "Service",
    "ServiceSpec",
    "Serving",
    "Signal",
    "Sink",
    "Size",
    "Source",
    "Stalled",
    "Text",
    "Video",
    "Yuv420p",
    "__version__",
    "all_gpus",
    "find_model",
    "hookimpl",
    "matrix_for",
    "node",
    "pixel_format",
    "readable",
    "require_model",
    "room_of",
    "size_of",
]
