"""Streaming WAN video diffusion for livegraph."""
