"""Compiling what a stream does again and again: as whole graphs, for the shapes that occur.

Blocks of a transformer are compiled one for all: what a block reads are tensors, so thirty of them are one function,
and it takes seconds where the whole pass takes minutes.
"""

from collections.abc import Callable
from typing import Any

import torch

from livegraph_wan.capture import Tree, Work
from livegraph_wan.model import WanTransformer

SHAPES = 64
"""Sets of shapes that one function may be compiled for: rows of a batch, with and without a mask, picture sizes.
torch's own limit of 8 would end a stream whose picture size changes for the fourth time."""


class Compiled:
    """A function that is compiled for the shapes that occur, until it is settled: then what is new runs as it is.

    torch's `set_stance` says the same for a whole process, and so for another stream's warm-up as well.
    """

    def __init__(self, function: Callable[..., Any], compiler: str) -> None:
        """A part that cannot be compiled is an error, not a slow detour."""
        torch._dynamo.config.recompile_limit = max(SHAPES, torch._dynamo.config.recompile_limit)
        self._call: Any = torch.compile(function, backend=compiler, fullgraph=True, dynamic=False)

    def __call__(self, *given: Any) -> Any:
        return self._call(*given)

    def settle(self) -> None:
        self._call = torch._dynamo.run(self._call)


class CompiledWork(Compiled):
    """Work; the first call of a stream, whose shapes never come again, stays as it is."""

    def __init__(self, work: Work, compiler: str) -> None:
        super().__init__(work, compiler)
        self._work = work

    def __call__(self, given: Tree, kept: Tree) -> tuple[Tree, Tree]:
        made, now = self._work(given, kept) if kept is None else self._call(given, kept)
        return made, now


def compile_blocks(transformer: WanTransformer, compiler: str) -> list[Compiled]:
    """Have what each block does compiled."""
    blocks = []
    for block in transformer.blocks:
        blocks.append(compiled := Compiled(block.forward, compiler))
        block.forward = compiled
    return blocks
