"""Compiling what a stream does again and again: as whole graphs, for the shapes that occur.

Blocks of a transformer are compiled one for all: what a block reads are tensors, so thirty of them are one function,
and it takes seconds where the whole pass takes minutes.
"""

from typing import Any

import torch
from torch import Tensor

from livegraph_wan.capture import Tree, Work
from livegraph_wan.model import WanTransformer

SHAPES = 64
"""Sets of shapes that one function may be compiled for: rows of a batch, with and without a mask, picture sizes.
torch's own limit of 8 would end a stream whose picture size changes for the fourth time."""


def compile_blocks(transformer: WanTransformer, compiler: str) -> None:
    """Compile what a block does; a part that cannot be compiled is an error, not a slow detour."""
    _raise_limit()
    for block in transformer.blocks:
        block.compile(backend=compiler, fullgraph=True, dynamic=False)


def compiled_work(work: Work, compiler: str) -> Work:
    """The same compiled; the first call of a stream, whose shapes never come again, stays as it is."""
    _raise_limit()
    fast: Any = torch.compile(work, backend=compiler, fullgraph=True, dynamic=False)

    def call(given: Tree, kept: Tree) -> tuple[Tensor, Tree]:
        made, now = work(given, kept) if kept is None else fast(given, kept)
        return made, now

    return call


def _raise_limit() -> None:
    torch._dynamo.config.recompile_limit = max(SHAPES, torch._dynamo.config.recompile_limit)
