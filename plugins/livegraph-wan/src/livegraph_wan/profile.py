"""What is particular to a checkpoint, in one place."""

from dataclasses import dataclass, replace
from typing import Literal

from livegraph_wan.window import RopeMode

Noise = Literal["fixed", "fresh"]
VaeName = Literal["nano", "wan", "taehv"]
Task = Literal["v2v", "t2v", "i2v"]
"""Repaint a video, paint from a prompt alone, go on from a still."""


@dataclass(frozen=True)
class Architecture:
    """Sizes of a transformer, named as in the checkpoints' `config.json`."""

    dim: int
    ffn_dim: int
    num_layers: int
    num_heads: int
    text_dim: int = 4096
    text_len: int = 512
    in_dim: int = 16
    out_dim: int = 16
    freq_dim: int = 256
    eps: float = 1e-6
    image_dim: int = 0
    """Width of the image features that an I2V checkpoint reads, 0 where it reads none."""

    @property
    def head_dim(self) -> int:
        return self.dim // self.num_heads


I2V_CHANNELS = 36
"""What an I2V model takes in: 16 of the noisy latents, 4 of the mask, 16 of the still's latents."""

WAN_1_3B = Architecture(dim=1536, ffn_dim=8960, num_layers=30, num_heads=12)
WAN_14B = Architecture(dim=5120, ffn_dim=13824, num_layers=40, num_heads=40)


@dataclass(frozen=True)
class Profile:
    """How a checkpoint wants to be streamed."""

    name: str
    architecture: Architecture
    timesteps: tuple[float, ...]
    """Scheduled denoising steps, falling."""
    shift: float
    """Warps the sigma grid: `s' = shift s / (1 + (shift - 1) s)`."""
    frames_per_block: int
    """Latent frames per pass."""
    window: int
    """Latent frames attended to, the current block and the sink among them."""
    steps: int
    """How many of the scheduled steps are taken unless somebody says otherwise."""
    sink: int = 0
    """Latent frames of the stream's start that stay in the window."""
    sink_threshold: float | None = None
    """A sink frame that is less like the newest than this (mean cosine of keys and values) is replaced by it."""
    recompute: bool = False
    """Whether what is remembered is computed again before every block, from its clean latents."""
    steps_apart: bool = False
    """Whether each step sees what the same step gave of the blocks before, and not what their last one did."""
    clean_refresh: bool = False
    """Whether a block is run once more at t = 0, so that the cache holds clean keys and values."""
    rope: RopeMode = "relative"
    positions: int | None = None
    """With absolute positions: how far the checkpoint can count."""
    strength_offset: float = 0
    """Video to video: taken off `1000 * noise_scale` for the first timestep."""
    noise_scale: float = 0.8
    """Default strength, 0..1."""
    motion_aware: bool = False
    """Whether motion takes some of the strength back."""
    noise: Noise = "fresh"
    """Whether each chunk draws noise of its own, or all share the seed's, so that a still picture stays still."""
    normalised: bool = True
    """Whether sources are given as latents of zero mean and unit variance; what comes out always is one."""
    vae: VaeName = "taehv"
    size: tuple[int, int] = (832, 480)
    """Preferred width and height in pixels."""
    whole_clips: bool = False
    """Whether a block is a whole clip: the next one begins from its last picture, and remembers nothing else."""
    tasks: tuple[Task, ...] = ("v2v", "t2v", "i2v")
    """What it can do: what was trained to paint from noise repaints as well, and goes on from what it is given."""

    @property
    def sees_still(self) -> bool:
        """Whether it sees a mask and the latents of the still beside every block, as I2V models do."""
        return self.architecture.in_dim == I2V_CHANNELS


WAN_NANO = Profile(
    name="wan-nano",
    architecture=Architecture(
        dim=192, ffn_dim=768, num_layers=6, num_heads=3, text_dim=64, text_len=16, in_dim=32, out_dim=16
    ),
    timesteps=(1000, 40, 30, 20),
    shift=1.0,
    frames_per_block=1,
    window=3,
    steps=1,
    steps_apart=True,
    noise="fixed",
    vae="nano",
    size=(256, 256),
    tasks=("v2v",),
)

STREAMDIFFUSION_1_3B = Profile(
    name="streamdiffusionv2-1.3b",
    architecture=WAN_1_3B,
    timesteps=(700, 500, 400, 200),
    shift=8.0,
    frames_per_block=1,
    window=6,
    steps=2,
    sink=3,
    sink_threshold=0.2,
    rope="absolute",
    positions=50,
    strength_offset=100,
    motion_aware=True,
    normalised=False,
    tasks=("v2v",),
)

STREAMDIFFUSION_14B = replace(STREAMDIFFUSION_1_3B, name="streamdiffusionv2-14b", architecture=WAN_14B)

CAUSVID_1_3B = Profile(
    name="causvid-1.3b",
    architecture=WAN_1_3B,
    timesteps=(1000, 757, 522),
    shift=8.0,
    frames_per_block=3,
    window=21,
    steps=3,
    clean_refresh=True,
    rope="absolute",
)

SELF_FORCING_1_3B = Profile(
    name="self-forcing-1.3b",
    architecture=WAN_1_3B,
    timesteps=(1000, 937.5, 833.3333, 625),
    shift=5.0,
    frames_per_block=3,
    window=21,
    steps=4,
    clean_refresh=True,
    rope="absolute",
)

LONGLIVE_1_3B = replace(SELF_FORCING_1_3B, name="longlive-1.3b", window=12, sink=3)

KREA_14B = Profile(
    name="krea-14b",
    architecture=WAN_14B,
    timesteps=(1000, 937, 833, 625),
    shift=5.0,
    frames_per_block=3,
    window=6,
    steps=4,
    recompute=True,
    rope="absolute",
)

WAN_I2V_14B_480P = Profile(
    name="wan2.1-i2v-14b-480p",
    architecture=replace(WAN_14B, in_dim=I2V_CHANNELS, image_dim=1280),
    timesteps=(1000, 937.5, 833.3333, 625),
    shift=5.0,
    frames_per_block=21,
    window=21,
    steps=4,
    whole_clips=True,
    vae="wan",
    tasks=("i2v",),
)

PROFILES = {
    profile.name: profile
    for profile in (
        WAN_NANO,
        STREAMDIFFUSION_1_3B,
        STREAMDIFFUSION_14B,
        CAUSVID_1_3B,
        SELF_FORCING_1_3B,
        LONGLIVE_1_3B,
        KREA_14B,
        WAN_I2V_14B_480P,
    )
}
