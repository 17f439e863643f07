"""The rolling cache against one dense pass under an explicit mask."""

import pytest
import torch
from torch import Tensor

from livegraph_wan.attention import DenseMemory, RollingCache, block_causal_mask
from livegraph_wan.model import WanTransformer
from livegraph_wan.profile import Architecture
from livegraph_wan.rope import RopeTable, rotate

TOKENS = 12


def clip(frames: int) -> tuple[Tensor, Tensor, Tensor]:
    """Latents, timesteps and text."""
    generator = torch.Generator().manual_seed(3)
    latents = torch.randn(1, 4, frames, 8, 6, generator=generator)
    return latents, 1000 * torch.rand(1, frames, generator=generator), torch.randn(1, 5, 16, generator=generator)


def chunked(model: WanTransformer, cache: RollingCache, frames: int, block: int) -> Tensor:
    latents, times, text = clip(frames)
    prompt, outputs = model.read_prompt(text), []
    for part, time in zip(latents.split(block, 2), times.split(block, 1), strict=True):
        cache.begin_block()
        outputs.append(model(part, time, prompt, cache))
    return torch.cat(outputs, 2)


def dense(model: WanTransformer, rope: RopeTable, frames: int, mask: Tensor, start: int = 0) -> Tensor:
    latents, times, text = clip(frames)
    return model(latents, times, model.read_prompt(text), DenseMemory(rope, frames, mask, start))


@pytest.mark.parametrize("block", [1, 3])
def test_chunks_equal_one_pass(transformer, rope, make_cache, block) -> None:
    mask = block_causal_mask(6, block, TOKENS)
    whole = dense(transformer, rope, 6, mask)
    torch.testing.assert_close(chunked(transformer, make_cache(6, block=block), 6, block), whole, atol=1e-5, rtol=0)
    assert (dense(transformer, rope, 6, torch.ones_like(mask)) - whole).abs().max() > 1e-3


@pytest.mark.parametrize(
    ("window", "block", "mode"), [(3, 1, "relative"), (3, 1, "absolute"), (6, 3, "relative"), (3, 3, "relative")]
)
def test_rolling_window_equals_masked_pass(transformer, rope, make_cache, window, block, mode) -> None:
    frames = 12
    whole = dense(transformer, rope, frames, block_causal_mask(frames, block, TOKENS, window))
    rolled = chunked(transformer, make_cache(window, block=block, mode=mode), frames, block)
    torch.testing.assert_close(rolled, whole, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("window", "sink", "block"), [(4, 1, 1), (5, 3, 1), (6, 3, 3)])
def test_sink_equals_masked_pass(transformer, rope, make_cache, window, sink, block) -> None:
    frames = 12
    whole = dense(transformer, rope, frames, block_causal_mask(frames, block, TOKENS, window, sink))
    rolled = chunked(transformer, make_cache(window, block=block, sink=sink, mode="absolute"), frames, block)
    torch.testing.assert_close(rolled, whole, atol=1e-5, rtol=0)
    without = block_causal_mask(frames, block, TOKENS, window)
    assert (dense(transformer, rope, frames, without) - whole).abs().max() > 1e-4


def test_relative_sink_sits_just_before_the_window(transformer, rope, make_cache) -> None:
    """After a jump over frames that fell out, the sink is where frame 0 of a short clip would be."""
    config = Architecture(**{**vars(transformer.config), "num_layers": 1})
    model = WanTransformer(config).eval()
    latents, times, text = clip(9)
    prompt = model.read_prompt(text)
    long, short = make_cache(4, sink=1), make_cache(4, sink=1)
    for cache, frames in ((long, range(9)), (short, (0, 6, 7, 8))):
        for frame in frames:
            cache.begin_block()
            last = model(latents[:, :, frame : frame + 1], times[:, frame : frame + 1], prompt, cache)
        if cache is long:
            kept = last
    torch.testing.assert_close(last, kept, atol=1e-5, rtol=0)


def test_steps_of_one_block_overwrite_it(transformer, make_cache) -> None:
    latents, times, text = clip(4)
    prompt = transformer.read_prompt(text)
    stepped, single = make_cache(3), make_cache(3)
    for frame in range(4):
        part, time = latents[:, :, frame : frame + 1], times[:, frame : frame + 1]
        stepped.begin_block()
        before = stepped.filled
        transformer(torch.randn_like(part), time, prompt, stepped)
        got = transformer(part, time, prompt, stepped)
        assert stepped.filled == before == min(frame + 1, 3)
        single.begin_block()
        torch.testing.assert_close(got, transformer(part, time, prompt, single), atol=1e-5, rtol=0)


def test_relative_positions_start_anywhere(transformer, rope) -> None:
    mask = block_causal_mask(4, 1, TOKENS)
    early, late = (dense(transformer, rope, 4, mask, start) for start in (0, 5000))
    torch.testing.assert_close(late, early, atol=1e-5, rtol=0)


@pytest.mark.parametrize("sink", [0, 1])
def test_a_stream_has_no_end(transformer, make_cache, sink) -> None:
    """With one layer a frame depends on its window alone: frame 5000 equals a fresh start of its window."""
    config = Architecture(**{**vars(transformer.config), "num_layers": 1})
    model = WanTransformer(config).eval()
    latents, times, text = clip(3)
    prompt = model.read_prompt(text)
    endless, fresh = make_cache(3, sink=sink), make_cache(3, sink=sink)
    for _ in range(5000 - 3):
        endless.begin_block()
    if sink:  # what stays in the window for good was seen at the very start
        endless.reset()
        endless.begin_block()
        model(latents[:, :, :1], times[:, :1], prompt, endless)
        for _ in range(5000 - 3):
            endless.begin_block()
    for frame in range(sink, 3):
        endless.begin_block()
        late = model(latents[:, :, frame : frame + 1], times[:, frame : frame + 1], prompt, endless)
    for frame in range(3):
        fresh.begin_block()
        early = model(latents[:, :, frame : frame + 1], times[:, frame : frame + 1], prompt, fresh)
    assert late.isfinite().all()
    torch.testing.assert_close(late, early, atol=1e-5, rtol=0)


def test_absolute_positions_do_matter(transformer, rope) -> None:
    """Turned one way only, keys would not meet their queries."""
    x = torch.randn(1, TOKENS, 2, transformer.config.head_dim)
    assert (rotate(x, rope.at((0,))) - rotate(x, rope.at((7,)))).abs().max() > 0.1


def test_windows_of_partial_blocks_are_refused(make_cache) -> None:
    with pytest.raises(ValueError, match="whole blocks of 3"):
        make_cache(7, block=3)
    with pytest.raises(ValueError, match="at least one block"):
        make_cache(3, block=1, sink=3)
