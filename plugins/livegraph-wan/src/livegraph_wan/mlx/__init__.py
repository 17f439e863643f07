"""The streaming engine on MLX, for Apple silicon.

The same engine as on torch (`livegraph_wan.engine`); here are the transformer, its cache and the VAEs, with the names
of the original checkpoints. Arrays have their channels last: latents are `[B, F, h, w, C]`, frames `[B, T, H, W, 3]`.

It is tested against torch and against the public model's golden vectors on Linux, where MLX computes on the CPU. It has
never run on a Mac: there its speed is unknown, and so is what Metal's own kernels do to the last digits.
"""
