"""Streaming VAEs: Wan's own, the tiny TAEHV in its stead, and what the engine asks of either (`base`)."""
