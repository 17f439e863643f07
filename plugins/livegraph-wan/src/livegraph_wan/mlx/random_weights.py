"""A model of its true size with random numbers for weights; see `livegraph_wan.random_weights`."""

from livegraph_wan.backend import Embedding
from livegraph_wan.mlx.model import WanTransformer
from livegraph_wan.mlx.nano import NanoWan
from livegraph_wan.mlx.taehv import TAEHV
from livegraph_wan.mlx.wan import StreamingVAE, Wan
from livegraph_wan.mlx.wan_vae import WanVAE
from livegraph_wan.profile import Profile, VaeName
from livegraph_wan.random_text import RandomText
from livegraph_wan.vae.scale import SourceScale


class Text(RandomText):
    """As the host reads it."""

    def read(self, prompt: str) -> Embedding:
        return self.embedding(prompt)


def random_wan(profile: Profile, vae: VaeName) -> Wan:
    """As MLX makes it: nothing is computed before it is put into its number type."""
    if vae == "nano":
        return NanoWan(profile.architecture)
    source: SourceScale = "normalised" if profile.normalised else "raw"
    made: StreamingVAE = TAEHV(source=source) if vae == "taehv" else WanVAE(source=source)
    return Wan(WanTransformer(profile.architecture), made, Text(profile.architecture))
