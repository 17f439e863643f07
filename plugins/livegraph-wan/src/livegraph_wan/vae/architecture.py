"""The sizes of a Wan VAE."""

from dataclasses import dataclass


@dataclass(frozen=True)
class VAEArchitecture:
    """Sizes of a Wan VAE, named as in diffusers' `config.json`; the defaults are Wan 2.1's."""

    base_dim: int = 96
    dim_mult: tuple[int, ...] = (1, 2, 4, 4)
    num_res_blocks: int = 2
    temporal_downsample: tuple[bool, ...] = (False, True, True)

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels at each resolution, the finest first."""
        return tuple(self.base_dim * times for times in self.dim_mult)
