"""The sizes that all models of the family share."""

CHANNELS = 16
"""Latent channels."""
STRIDE = 8
"""Pixels along a side of a latent cell."""
MASK_CHANNELS = 4
"""What tells an I2V model which latent frames are its still's: a channel per picture that one stands for."""
FRAMES = 4
"""Pixel frames in a latent frame, except perhaps the first of a stream."""
RGB = 3
"""Channels of a picture."""
PATCH = 2
"""Latent cells along a side of a token."""
MULTIPLE = STRIDE * PATCH
"""Pictures' sides are multiples of this."""
