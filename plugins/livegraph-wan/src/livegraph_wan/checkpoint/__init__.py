"""Checkpoints of Wan's transformers: files, names in two layouts, sizes, LoRAs, conversion."""

from livegraph_wan.checkpoint.infer import architecture
from livegraph_wan.checkpoint.live import LiveLoras
from livegraph_wan.checkpoint.lora import Lora, read_lora
from livegraph_wan.checkpoint.read import Tensors, open_tensors
from livegraph_wan.checkpoint.transformer import fill, open_transformer
from livegraph_wan.checkpoint.vae import open_vae

__all__ = [
    "LiveLoras",
    "Lora",
    "Tensors",
    "architecture",
    "fill",
    "open_tensors",
    "open_transformer",
    "open_vae",
    "read_lora",
]
