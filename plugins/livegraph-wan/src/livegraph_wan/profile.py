"""What is particular to a checkpoint, in one place."""

from dataclasses import dataclass

from livegraph_wan.attention import RopeMode


@dataclass(frozen=True)
class Profile:
    """How a checkpoint wants to be streamed."""

    name: str
    timesteps: tuple[float, ...]
    """Scheduled denoising steps, falling; a stream takes the first N, its strength replaces the first."""
    shift: float
    """Warps the sigma grid: `s' = shift s / (1 + (shift - 1) s)`."""
    strength_offset: float
    """Taken off `1000 * noise_scale` for the first timestep."""
    frames_per_block: int
    """Latent frames per pass."""
    window: int
    """Latent frames attended to, the current block and the sink among them."""
    sink: int
    """Latent frames of the stream's start that stay in the window."""
    rope: RopeMode
    noise_scale: float
    """Default strength, 0..1."""
    size: tuple[int, int]
    """Preferred width and height in pixels."""


WAN_NANO = Profile(
    name="wan-nano",
    timesteps=(1000, 250, 120, 60),
    shift=1.0,
    strength_offset=0,
    frames_per_block=1,
    window=3,
    sink=0,
    rope="relative",
    noise_scale=0.8,
    size=(256, 256),
)

PROFILES = {profile.name: profile for profile in (WAN_NANO,)}
