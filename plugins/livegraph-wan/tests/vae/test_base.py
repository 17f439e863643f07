"""What holds for every streaming VAE."""

from itertools import accumulate, pairwise

import pytest
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from livegraph_wan.grid import CHANNELS, FRAMES
from livegraph_wan.rhythm import Rhythm
from livegraph_wan.vae.base import channels_last

LATENTS = 4


def frames(vae, latents: int = LATENTS, height: int = 32, width: int = 48) -> Tensor:
    count = vae.rhythm.first_taken + FRAMES * (latents - 1)
    generator = torch.Generator().manual_seed(5)
    return torch.rand(1, count, 3, height, width, generator=generator) * 2 - 1


def pieces(x: Tensor, sizes: list[int], first: int, dim: int) -> list[Tensor]:
    """Split into pieces of so many latents each, of which the stream's first is `first` long."""
    each = 1 if dim == 2 else FRAMES
    ends = [first + each * (end - 1) for end in accumulate(sizes)]
    return [x.narrow(dim, start, end - start) for start, end in pairwise([0, *ends])]


def streamed(step, parts: list[Tensor], dim: int) -> Tensor:
    state, made = None, []
    for part in parts:
        result, state = step(part, state)
        made.append(result)
    return torch.cat(made, dim)


def near(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("sizes", [[1, 1, 1, 1], [2, 2], [1, 3], [3, 1]])
def test_streaming_equals_batch(vae, sizes) -> None:
    clip = frames(vae)
    whole, _ = vae.encode(clip, None)
    assert whole.shape == (1, CHANNELS, LATENTS, 4, 6)
    assert whole.std() > 0.01
    near(streamed(vae.encode, pieces(clip, sizes, vae.rhythm.first_taken, 1), 2), whole)
    drawn, _ = vae.decode(whole, None)
    assert drawn.shape == (1, vae.rhythm.first_given + FRAMES * (LATENTS - 1), 3, 32, 48)
    assert drawn.std() > 0.01
    near(streamed(vae.decode, pieces(whole, sizes, 1, 2), 1), drawn)


def test_rows_of_a_batch_do_not_mix(vae) -> None:
    clip = torch.cat([frames(vae), frames(vae).flip(1)])
    latents, _ = vae.encode(clip, None)
    drawn, _ = vae.decode(latents, None)
    for row in range(2):
        alone, _ = vae.encode(clip[row : row + 1], None)
        near(latents[row : row + 1], alone)
        near(drawn[row : row + 1], vae.decode(alone, None)[0])


def test_the_past_matters_and_the_future_does_not(vae) -> None:
    clip = frames(vae)
    latents, _ = vae.encode(clip, None)
    drawn, _ = vae.decode(latents, None)
    late = vae.rhythm.first_taken + FRAMES
    changed = torch.cat([clip[:, :late], clip[:, late:].flip(-1)], 1)
    near(vae.encode(changed, None)[0][:, :, :2], latents[:, :, :2])
    changed = torch.cat([latents[:, :, :2], latents[:, :, 2:].flip(-1)], 2)
    given = vae.rhythm.first_given + FRAMES
    near(vae.decode(changed, None)[0][:, :given], drawn[:, :given])
    other = torch.cat([clip[:, :late].flip(-1), clip[:, late:]], 1)
    assert (vae.encode(other, None)[0][:, :, 2:] - latents[:, :, 2:]).abs().max() > 1e-2
    other = torch.cat([latents[:, :, :2].flip(-1), latents[:, :, 2:]], 2)
    assert (vae.decode(other, None)[0][:, given:] - drawn[:, given:]).abs().max() > 1e-2


def test_a_cut_forgets_and_a_state_can_be_taken_up_twice(vae) -> None:
    clip = frames(vae)
    head, tail = pieces(clip, [2, 2], vae.rhythm.first_taken, 1)
    latents, encoder = vae.encode(head, None)
    drawn, decoder = vae.decode(latents, None)
    later, _ = vae.encode(tail, encoder)
    shown, _ = vae.decode(later, decoder)
    assert vae.encode(tail, encoder)[0].equal(later)
    assert vae.decode(later, decoder)[0].equal(shown)
    assert vae.encode(head, None)[0].equal(latents)
    assert vae.decode(latents, None)[0].equal(drawn)


def test_another_size_needs_another_stream(vae) -> None:
    latents, encoder = vae.encode(frames(vae), None)
    _, decoder = vae.decode(latents, None)
    larger = frames(vae, 2, 64, 48)
    fresh, _ = vae.encode(larger, None)
    assert vae.decode(fresh, None)[0].shape[-2:] == (64, 48)
    with pytest.raises(RuntimeError, match="size"):
        vae.encode(larger[:, -FRAMES:], encoder)
    with pytest.raises(RuntimeError, match="size"):
        vae.decode(fresh[:, :, :1], decoder)


def test_with_a_lead_in_every_chunk_comes_back_whole(vae) -> None:
    """An engine that takes and gives four frames at a time needs to know the rhythm, and nothing else."""
    rhythm, chunks = vae.rhythm, frames(vae, 5)[:, -12:].split(FRAMES, 1)
    encoder = decoder = None
    given = []
    for chunk in chunks:
        lead, drop = (rhythm.lead_in, rhythm.first_given) if encoder is None and rhythm.lead_in else (0, 0)
        taken = torch.cat([chunk[:, :1].expand(-1, lead, -1, -1, -1), chunk], 1)
        latents, encoder = vae.encode(taken, encoder)
        pictures, decoder = vae.decode(latents, decoder)
        given.append(pictures[:, drop:].shape[1])
    assert given == [FRAMES] * 3


def test_how_late_pictures_come_back(vae, taehv) -> None:
    assert vae.rhythm.delay == (3 if isinstance(vae, type(taehv)) else 0)


@pytest.mark.parametrize("count", [0, 2, 3, 6])
def test_frames_that_make_no_whole_latents_are_refused(vae, count) -> None:
    clip = frames(vae)
    _, state = vae.encode(clip, None)
    with pytest.raises(ValueError, match="begins with"):
        vae.encode(clip[:, :count], None)
    with pytest.raises(ValueError, match=r"expected 4 \+ 4n"):
        vae.encode(clip[:, :count], state)


def test_latents_of_frames() -> None:
    assert Rhythm(1, 1).latents(9, first=True) == 3
    assert Rhythm(4, 1).latents(8, first=True) == 2
    assert Rhythm(1, 1).latents(8, first=False) == 2


def test_flops_are_what_a_chunk_amid_a_stream_takes(vae) -> None:
    """Attention is done by plain products here: the counter does not know the CPU's own kernel."""
    clip = frames(vae, 2)
    latents, encoder = vae.encode(clip, None)
    _, decoder = vae.decode(latents, None)
    counted = []
    for step in (lambda: vae.encode(clip[:, -FRAMES:], encoder), lambda: vae.decode(latents[:, :, -1:], decoder)):
        with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
            step()
        counted.append(counter.get_total_flops())
    assert vae.flops(32, 48) == tuple(counted)


def test_layout_changes_no_number(vae) -> None:
    clip = frames(vae)
    latents, _ = vae.encode(clip, None)
    drawn, _ = vae.decode(latents, None)
    channels_last(vae)
    near(streamed(vae.encode, pieces(clip, [1, 1, 2], vae.rhythm.first_taken, 1), 2), latents)
    near(streamed(vae.decode, pieces(latents, [1, 1, 2], 1, 2), 1), drawn)


@pytest.mark.parametrize("name", ["wan", "taehv"])
def test_the_past_is_kept_with_channels_last(name, request) -> None:
    """A stream begins with one frame, where the order is ambiguous; the wrong one would stay for good."""
    vae = channels_last(request.getfixturevalue(name))
    clip = frames(vae, 2)
    encoder = decoder = None
    for part in pieces(clip, [1, 1], vae.rhythm.first_taken, 1):
        latents, encoder = vae.encode(part, encoder)
        _, decoder = vae.decode(latents, decoder)
        assert all(past.stride(1) == 1 for past in (*encoder, *decoder))


def test_half_precision_is_near_full(vae) -> None:
    clip = frames(vae)
    latents, _ = vae.encode(clip, None)
    drawn, _ = vae.decode(latents, None)
    half = channels_last(vae.to(torch.bfloat16))
    near_latents, _ = half.encode(clip.bfloat16(), None)
    near_drawn, _ = half.decode(latents.bfloat16(), None)
    assert near_latents.dtype == near_drawn.dtype == torch.bfloat16
    assert (near_latents.float() - latents).norm() < 0.03 * latents.norm()
    assert (near_drawn.float() - drawn).norm() < 0.03 * drawn.norm()


def test_compiles_without_a_graph_break(vae) -> None:
    clip = frames(vae, 3)
    parts = pieces(clip, [1, 1, 1], vae.rhythm.first_taken, 1)
    latents = streamed(vae.encode, parts, 2)
    drawn = streamed(vae.decode, list(latents.split(1, 2)), 1)
    torch.compiler.reset()
    encode, decode = (torch.compile(step, backend="eager", fullgraph=True) for step in (vae.encode, vae.decode))
    near(streamed(encode, parts, 2), latents)
    near(streamed(decode, list(latents.split(1, 2)), 1), drawn)
