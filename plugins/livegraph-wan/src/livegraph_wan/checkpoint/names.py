"""One weight, two names: as in Wan's own checkpoints, and as in diffusers' WanTransformer3DModel.

Blocks and attention layers are renamed; two things are traps. Both layouts have a `norm2` and a `norm3` in each block,
and they are swapped: the affine norm before cross-attention is `norm3` here and `norm2` there. And `scale_shift_table`
is a block's modulation there inside of a block, the head's outside.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Literal

Layout = Literal["original", "diffusers"]
LAYOUTS: tuple[Layout, ...] = ("original", "diffusers")

_TEXT_TIME_IMAGE = "condition_embedder."

_WHOLE: Mapping[str, str] = {
    "patch_embedding": "patch_embedding",
    "text_embedding.0": f"{_TEXT_TIME_IMAGE}text_embedder.linear_1",
    "text_embedding.2": f"{_TEXT_TIME_IMAGE}text_embedder.linear_2",
    "time_embedding.0": f"{_TEXT_TIME_IMAGE}time_embedder.linear_1",
    "time_embedding.2": f"{_TEXT_TIME_IMAGE}time_embedder.linear_2",
    "time_projection.1": f"{_TEXT_TIME_IMAGE}time_proj",
    "img_emb.proj.0": f"{_TEXT_TIME_IMAGE}image_embedder.norm1",
    "img_emb.proj.1": f"{_TEXT_TIME_IMAGE}image_embedder.ff.net.0.proj",
    "img_emb.proj.3": f"{_TEXT_TIME_IMAGE}image_embedder.ff.net.2",
    "img_emb.proj.4": f"{_TEXT_TIME_IMAGE}image_embedder.norm2",
    "head.head": "proj_out",
    "head.modulation": "scale_shift_table",
}
"""Outside of the blocks: modules, and the one bare parameter."""

_PROJECTIONS = {"q": "to_q", "k": "to_k", "v": "to_v", "o": "to_out.0", "norm_q": "norm_q", "norm_k": "norm_k"}
_IMAGE = {"k_img": "add_k_proj", "v_img": "add_v_proj", "norm_k_img": "norm_added_k"}

_BLOCK: Mapping[str, str] = {
    **{f"self_attn.{ours}": f"attn1.{theirs}" for ours, theirs in _PROJECTIONS.items()},
    **{f"cross_attn.{ours}": f"attn2.{theirs}" for ours, theirs in (_PROJECTIONS | _IMAGE).items()},
    "ffn.0": "ffn.net.0.proj",
    "ffn.2": "ffn.net.2",
    "norm2": "norm3",
    "norm3": "norm2",
    "modulation": "scale_shift_table",
}
"""Inside of `blocks.N.`."""

_WHOLE_BACK = {theirs: ours for ours, theirs in _WHOLE.items()}
_BLOCK_BACK = {theirs: ours for ours, theirs in _BLOCK.items()}
_BARE = ("modulation", "scale_shift_table")
_LEAVES = ("weight", "bias")

_THEIRS = re.compile(r"^(condition_embedder|proj_out|scale_shift_table)\b|\.(attn[12]|ffn\.net)\.|\.scale_shift_table$")
_IN_BLOCK = re.compile(r"blocks\.(\d+)\.(.+)")
_FLAT = {name.replace(".", "_"): ours for ours, theirs in _WHOLE.items() for name in (ours, theirs)}
_FLAT_BLOCK = {name.replace(".", "_"): ours for ours, theirs in _BLOCK.items() for name in (ours, theirs)}
_FLAT_IN_BLOCK = re.compile(r"blocks_(\d+)_(.+)")


def layout_of(names: Iterable[str]) -> Layout:
    """Whose names these are."""
    return "diffusers" if any(_THEIRS.search(name) for name in names) else "original"


def to_diffusers(name: str) -> str:
    """The name of a weight, or of a module, in diffusers. `KeyError` for one that has none."""
    return _translate(name, _WHOLE, _BLOCK)


def to_original(name: str) -> str:
    """The name of a weight, or of a module, in Wan's own checkpoints. `KeyError` for one that has none."""
    return _translate(name, _WHOLE_BACK, _BLOCK_BACK)


def to_layout(name: str, layout: Layout) -> str:
    """An original name in a layout."""
    return to_diffusers(name) if layout == "diffusers" else name


def unflatten(name: str) -> str:
    """The original module behind a name whose dots have become underscores, of either layout. `KeyError`."""
    match = _FLAT_IN_BLOCK.fullmatch(name)
    return f"blocks.{match[1]}.{_FLAT_BLOCK[match[2]]}" if match else _FLAT[name]


def _translate(name: str, whole: Mapping[str, str], block: Mapping[str, str]) -> str:
    match = _IN_BLOCK.fullmatch(name)
    if match:
        return f"blocks.{match[1]}.{_lookup(match[2], block, name)}"
    return _lookup(name, whole, name)


def _lookup(name: str, table: Mapping[str, str], whole: str) -> str:
    """A module, a bare parameter, or a module's weight or bias."""
    if name in table:
        return table[name]
    module, _, leaf = name.rpartition(".")
    if leaf in _LEAVES and module in table and not module.endswith(_BARE):
        return f"{table[module]}.{leaf}"
    raise KeyError(whole)
