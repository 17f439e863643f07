"""Streams that begin from a still, as an I2V model sees it: against diffusers' pieces, joined as in its pipeline."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanImageToVideoPipeline, WanTransformer3DModel
from fault_support import Scarce
from torch import Tensor

from livegraph_wan import frugal
from livegraph_wan.backend import Pass
from livegraph_wan.checkpoint.names import to_original
from livegraph_wan.denoise import Block, StreamBatch
from livegraph_wan.frugal import FrugalStream, Means
from livegraph_wan.load import Loaded
from livegraph_wan.memory import Setting
from livegraph_wan.model import WanTransformer
from livegraph_wan.profile import Architecture, Profile
from livegraph_wan.resize import resized
from livegraph_wan.sampler import from_noise
from livegraph_wan.stream import Stream, TorchBackend
from livegraph_wan.vae.names import to_diffusers
from livegraph_wan.vae.wan import VAEArchitecture, WanVAE
from livegraph_wan.wan import Wan

CPU = torch.device("cpu")
SIZE, BLOCK = (32, 48), 3
TINY = Architecture(
    dim=48, ffn_dim=96, num_layers=2, num_heads=2, text_dim=16, text_len=512, in_dim=36, freq_dim=32, image_dim=20
)
CLIPS = Profile(
    "clips", TINY, (1000, 625), shift=5.0, frames_per_block=BLOCK, window=BLOCK, steps=2, whole_clips=True, vae="wan"
)
STILL = np.random.default_rng(4).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
TEXT = torch.randn(1, 5, 16, generator=torch.Generator().manual_seed(1))


class Features:
    """Stands for the image encoder, which has tests of its own: what it says depends on the still."""

    def read(self, picture: np.ndarray) -> Tensor:
        generator = torch.Generator().manual_seed(int(picture.astype(int).sum()))
        return torch.randn(1, 7, TINY.image_dim, generator=generator)


class Words:
    def read(self, prompt: str) -> Tensor:
        return TEXT * (1 + len(prompt))

    def knows(self, prompt: str) -> bool:
        return True

    def release(self) -> None:
        pass


class Theirs:
    """diffusers' transformer and VAE, with one pass put together as in WanImageToVideoPipeline."""

    def __init__(self, vae: WanVAE) -> None:
        torch.manual_seed(2)
        self.transformer = WanTransformer3DModel(
            num_attention_heads=TINY.num_heads,
            attention_head_dim=TINY.head_dim,
            in_channels=TINY.in_dim,
            out_channels=TINY.out_dim,
            text_dim=TINY.text_dim,
            freq_dim=TINY.freq_dim,
            ffn_dim=TINY.ffn_dim,
            num_layers=TINY.num_layers,
            image_dim=TINY.image_dim,
            added_kv_proj_dim=TINY.dim,
            rope_max_seq_len=64,
        ).eval()
        for parameter in self.transformer.parameters():  # ones and zeros would hide a norm that is left out
            torch.nn.init.normal_(parameter, std=0.1)
        self.vae = AutoencoderKLWan(base_dim=8).eval()
        self.vae.load_state_dict(to_diffusers(vae.state_dict()))
        self.pipe = WanImageToVideoPipeline(
            tokenizer=None, text_encoder=None, vae=self.vae, scheduler=UniPCMultistepScheduler()
        )

    def condition(self, still: np.ndarray, latents: int) -> Tensor:
        image = torch.from_numpy(still).permute(2, 0, 1)[None].float() / 127.5 - 1
        frames = 1 + 4 * (latents - 1)
        _, condition = self.pipe.prepare_latents(image, 1, 16, *SIZE, frames, torch.float32, CPU)
        return condition

    def velocity(self, x: Tensor, condition: Tensor, timestep: float, text: Tensor, image: Tensor) -> Tensor:
        padded = torch.nn.functional.pad(text, (0, 0, 0, TINY.text_len - text.shape[1]))
        inputs, times = torch.cat([x, condition], 1), torch.tensor([timestep])
        return self.transformer(inputs, times, padded, image, return_dict=False)[0]


@pytest.fixture(scope="module")
def vae() -> WanVAE:
    torch.manual_seed(3)
    return WanVAE(VAEArchitecture(base_dim=8)).eval()


@pytest.fixture(scope="module")
def theirs(vae: WanVAE) -> Theirs:
    return Theirs(vae)


@pytest.fixture
def model(theirs: Theirs, vae: WanVAE) -> Wan:
    transformer = WanTransformer(TINY).eval()
    transformer.load_state_dict({to_original(name): w for name, w in theirs.transformer.state_dict().items()})
    return Wan(transformer, vae, Words(), Features())


def stream_of(model: Wan, profile: Profile = CLIPS) -> Stream:
    stream = Stream(model, profile, device=CPU, dtype=torch.float32)
    stream.set_prompt("a boat")
    return stream


def test_the_conditioning_is_diffusers_own_in_one_call_or_several(theirs: Theirs, model: Wan) -> None:
    expected = theirs.condition(STILL, 7)
    backend = TorchBackend(model, CLIPS, CPU, torch.float32)
    whole, _ = backend.beside_still(STILL, 7, None)
    assert whole.shape == (1, 20, 7, SIZE[0] // 8, SIZE[1] // 8)
    torch.testing.assert_close(whole, expected, atol=1e-5, rtol=0)
    parts, state = [], None
    for count in (1, 3, 3):
        part, state = backend.beside_still(STILL, count, state)
        parts.append(part)
    torch.testing.assert_close(torch.cat(parts, 2), expected, atol=1e-5, rtol=0)


def test_a_pass_with_the_image_branch_is_diffusers_own(theirs: Theirs, model: Wan) -> None:
    x, image = torch.randn(1, 16, BLOCK, 4, 6), Features().read(STILL)
    condition = theirs.condition(STILL, BLOCK)
    expected = theirs.velocity(x, condition, 900.0, TEXT, image)
    backend = TorchBackend(model, CLIPS, CPU, torch.float32)
    runner = backend.runner(SIZE, 1)
    runner.begin_block()
    prompt = backend.read_prompt(TEXT.numpy(), image.numpy())
    torch.testing.assert_close(runner.velocity(Pass(x, condition, (900.0,)), prompt), expected, atol=1e-5, rtol=1e-5)
    assert expected.std() > 0.1


def test_a_clip_is_what_diffusers_pieces_make_of_the_same_noise(theirs: Theirs, model: Wan) -> None:
    """The whole way: two steps of the distilled sampler, and the decoder."""
    stream = stream_of(model)
    stream.begin_from(STILL)
    painted = stream.paint((SIZE[1], SIZE[0]), seed=5)
    session = stream._session
    assert session is not None
    noises = stream._noise.of(session.size, 5, 0)
    text, image, condition = Words().read("a boat"), Features().read(STILL), theirs.condition(STILL, BLOCK)
    schedule, x = from_noise(CLIPS, 2), noises[0]
    for step, (t, sigma) in enumerate(zip(schedule.timesteps, schedule.sigmas, strict=True)):
        clean = x - sigma * theirs.velocity(x, condition, t, text, image)
        if step == 0:
            x = (1 - schedule.sigmas[1]) * clean + schedule.sigmas[1] * noises[1]
    mean, std = (
        torch.tensor(values).view(1, -1, 1, 1, 1)
        for values in (theirs.vae.config.latents_mean, theirs.vae.config.latents_std)
    )
    drawn = theirs.vae.decode(clean * std + mean).sample[0].permute(1, 2, 3, 0)
    expected = drawn.add(1).mul(127.5).round().clamp(0, 255)
    assert painted.shape == (9, *SIZE, 3)
    assert (torch.from_numpy(painted).float() - expected).abs().max() <= 1
    assert expected.std() > 5


def test_the_next_clip_begins_from_the_last_picture_of_the_one_before(model: Wan) -> None:
    size = (SIZE[1], SIZE[0])
    stream = stream_of(model)
    stream.begin_from(STILL)
    first, second, third = (stream.paint(size) for _ in range(3))
    assert [len(clip) for clip in (first, second, third)] == [9, 8, 8]
    alone = stream_of(model)
    alone.begin_from(first[-1])
    assert alone._session is not None
    alone._session.blocks = 1  # the noise of a second block
    assert (alone.paint(size)[1:] == second).all()
    stream.begin_from(STILL)
    assert (stream.paint(size) == first).all()


def test_a_causal_model_sees_the_still_beside_its_first_block_alone(
    model: Wan, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = replace(CLIPS, frames_per_block=1, window=3, steps=1, whole_clips=False, clean_refresh=True)
    stream, seen = stream_of(model, profile), []
    velocity = type(stream._backend.runner(SIZE, 1)).velocity

    def watched(self, given, prompt):
        seen.append((given.timesteps[0], float(given.beside[:, :4].mean())))
        return velocity(self, given, prompt)

    monkeypatch.setattr("livegraph_wan.stream.TorchRunner.velocity", watched)
    stream.begin_from(STILL)
    assert [len(stream.paint((SIZE[1], SIZE[0]))) for _ in range(3)] == [1, 4, 4]
    assert seen == [(1000, 1.0), (0.0, 1.0), (1000, 0.0), (0.0, 0.0), (1000, 0.0), (0.0, 0.0)]
    seen.clear()
    stream.set_prompt("another")  # what is remembered is computed again, beside what it was seen beside
    assert [mask for _, mask in seen] == [1.0, 0.0, 0.0]


def test_another_still_is_read_at_once(model: Wan) -> None:
    size, stream = (SIZE[1], SIZE[0]), stream_of(model)
    clips = []
    for still in (STILL, 255 - STILL):
        stream.begin_from(still)
        clips.append(stream.paint(size))
    assert np.abs(clips[0].astype(int) - clips[1]).max() > 3


def test_without_a_still_it_says_so(model: Wan) -> None:
    with pytest.raises(RuntimeError, match="clips begins from a still"):
        stream_of(model).paint((SIZE[1], SIZE[0]))


def test_whole_clips_cannot_be_a_stream_batch(model: Wan) -> None:
    with pytest.raises(ValueError, match="clips begins each clip from the last"):
        StreamBatch(TorchBackend(model, CLIPS, CPU, torch.float32), CLIPS, SIZE, 2)


def test_rows_of_a_stream_batch_each_see_their_own(model: Wan) -> None:
    """Two blocks on their way at once: one with the still beside it, one behind it."""
    profile = replace(CLIPS, frames_per_block=1, window=2, whole_clips=False)
    backend = TorchBackend(model, profile, CPU, torch.float32)
    batch = StreamBatch(backend, profile, SIZE, 2)
    prompt = backend.read_prompt(TEXT.numpy(), Features().read(STILL).numpy())
    noises = [torch.randn(1, 16, 1, 4, 6) for _ in range(2)]
    first, state = backend.beside_still(STILL, 1, None)
    second, _ = backend.beside_still(STILL, 1, state)
    schedule = from_noise(profile, 2)
    assert batch.step(Block(None, noises, schedule, first), prompt) is None
    assert batch.step(Block(None, noises, schedule, second), prompt) is not None
    assert [float(past.passes[-1].beside[:, :4].mean()) for past in batch._pasts] == [0.0, 1.0]


class Watched(Features):
    """Notes the stills that it was shown, and finds no memory for the `fails`th."""

    def __init__(self, fails: int = 0) -> None:
        self.shown: list[np.ndarray] = []
        self._fails = fails

    def read(self, picture: np.ndarray) -> Tensor:
        self.shown.append(picture)
        if len(self.shown) == self._fails:
            raise MemoryError
        return super().read(picture)


def frugal_stream(model: Wan, size: tuple[int, int], said: list[str], monkeypatch: pytest.MonkeyPatch) -> FrugalStream:
    monkeypatch.setattr(frugal, "room_of", lambda place: None)
    setting = Setting(CLIPS, "wan", size, 4)
    means = Means("ram", "torch-cpu", said.append, may_step_down=True, taehv=False)
    stream = FrugalStream(lambda vae: Loaded(stream_of(model), lambda name: model.vae), setting, means)
    stream.set_prompt("a boat")
    return stream


def test_a_stream_that_steps_down_goes_on_from_its_last_picture_with_what_clip_says_of_that(
    model: Wan, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    model.image = eye = Watched()
    stream = frugal_stream(model, (96, 64), said, monkeypatch)
    stream.begin_from(np.random.default_rng(4).integers(0, 256, (64, 96, 3), dtype=np.uint8))
    last = stream.paint((96, 64))[-1]
    with Scarce(fails=300):
        assert stream.paint((96, 64)).shape[1:] == (64, 96, 3)
    assert "painting at 64x64, enlarged to 96x64" in said[0]
    present = resized(last[None], (64, 64))[0]
    assert np.array_equal(eye.shown[-1], present)
    guide = stream.loaded.stream._guide
    assert np.array_equal(guide.ready.image.numpy(), Features().read(present).numpy())


def test_a_still_that_clip_finds_no_memory_for_is_begun_from_all_the_same(
    model: Wan, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    model.image = eye = Watched(fails=2)
    stream = frugal_stream(model, (96, 64), said, monkeypatch)
    first, second = np.random.default_rng(4).integers(0, 256, (2, 64, 96, 3), dtype=np.uint8)
    stream.begin_from(first)
    stream.paint((96, 64))
    stream.begin_from(second)
    assert len(said) == 1
    assert [len(eye.shown), stream.loaded.stream.begun] == [3, True]
    assert np.array_equal(eye.shown[-1], resized(second[None], (64, 64))[0])
