"""Wan's VAE in files: `Wan2.1_VAE.pth`, or diffusers' AutoencoderKLWan."""

from pathlib import Path

from livegraph_wan.checkpoint.read import Tensors, open_tensors
from livegraph_wan.vae.names import is_diffusers, to_original


def open_vae(path: Path) -> Tensors:
    """The tensors of a Wan VAE by the names of Wan's own release, from a file or the one in a folder. Raises
    `ModelError`.
    """
    tensors = open_tensors(path)
    return tensors.renamed(to_original) if is_diffusers(tensors) else tensors
