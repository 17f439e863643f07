"""Training as it is called: a step or two of everything, a stop, and on from there. Tiny clips, the real model."""

import json
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from livegraph_wan.nano import clips, examples, train, train_vae
from livegraph_wan.nano.model import ARCHITECTURE, NanoWan, load_nano, save_nano
from livegraph_wan.nano.optimizers import make_optimizers, set_rates
from livegraph_wan.nano.schedule import Progress
from livegraph_wan.nano.text import tokenize
from livegraph_wan.nano.train import Settings, Trainer, forget_unseen_words, main
from livegraph_wan.nano.vae import NanoVAE

# Under autocast on a CPU an RMSNorm is not fused, and says so once.
pytestmark = pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch):
    """Clips of 32 px; gradients, which the other tests do without."""
    for name, kind in clips.KINDS.items():
        monkeypatch.setitem(clips.KINDS, name, kind._replace(size=32, latents=min(kind.latents, 4)))
    held_back = examples.make_held_back_clip
    monkeypatch.setattr(
        examples, "make_held_back_clip", lambda rng, frames, size, which: held_back(rng, frames, 32, which)
    )
    with torch.inference_mode(False), torch.enable_grad():
        yield


@pytest.fixture
def start(tmp_path: Path, untrained: NanoWan) -> Path:
    folder = tmp_path / "start"
    folder.mkdir()
    save_nano(untrained, folder)
    return folder


def settings(out: Path, start: Path | None) -> Settings:
    out.mkdir(exist_ok=True)
    return Settings(out, minutes=10, seed=1, clips=4, batch=2, device=CPU, start=start, architecture=ARCHITECTURE)


def test_training_moves_what_it_may_and_leaves_the_latents_alone(tmp_path: Path, start: Path) -> None:
    trainer = Trainer(0, settings(tmp_path / "out", start))
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    for trainer.step in range(3):
        set_rates(trainer.optimizers, 100, 0)
        trainer._step(0)
    moved = {name for name, value in trainer.model.state_dict().items() if not value.equal(before[name])}
    parts = {name.rsplit(".", 1)[0] for name in moved}
    assert {"vae.restore", "vae.draw_out", "transformer.head.head", "text.embedding"} <= parts
    encoder = {"vae.project", "vae.frame_in", "vae.frame_mid", "vae.chunk_in", "vae.chunk_out", "vae"}
    assert not parts & encoder
    assert not {"vae.mean", "vae.std"} & moved


def test_a_stopped_training_goes_on_where_it_was(tmp_path: Path, start: Path) -> None:
    asked = settings(tmp_path / "out", start)
    first = Trainer(0, asked)
    first.progress = Progress(10, CPU, spent=123)
    first._step(0)
    first.step = 1
    first._note(0.2)
    first._save()
    second = Trainer(0, asked)
    assert second.step == 1
    assert second.curve == first.curve
    assert 123 <= second.progress.seconds < 140
    for kept in ("model", "average"):
        states = [getattr(trainer, kept).state_dict() for trainer in (first, second)]
        for name, value in states[0].items():
            assert value.equal(states[1][name]), name
    moments = [trainer.optimizers[0].state_dict()["state"][0]["momentum_buffer"] for trainer in (first, second)]
    assert moments[0].any()
    assert moments[0].equal(moments[1])


def test_what_is_kept_is_the_average_and_loads(tmp_path: Path, start: Path) -> None:
    trainer = Trainer(0, settings(tmp_path / "out", start))
    trainer._step(0)
    trainer._save()
    kept = load_nano(tmp_path / "out").state_dict()
    for name, value in trainer.average.module.state_dict().items():
        assert kept[name].equal(value.bfloat16().float()), name
    assert json.loads((tmp_path / "out" / "curve.json").read_text()) == []


def test_from_nothing_by_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both stages, one process, until the time is up."""
    monkeypatch.setattr(train_vae, "CROP", 16)
    monkeypatch.setattr(train_vae, "make_clip", lambda rng, frames, size: clips.make_clip(rng, frames, 128))
    out = tmp_path / "out"
    command = ["train", "--out", str(out), "--minutes", "0.03", "--processes", "1", "--clips", "4", "--batch", "2"]
    command += ["--layers", "2", "--hidden", "64"]
    monkeypatch.setattr("sys.argv", [*command, "--device", "cpu"])
    monkeypatch.setattr(train, "VAE_SHARE", 0.5)
    main()
    curve = json.loads((out / "curve.json").read_text())
    assert curve[-1]["part"] == 1
    assert all(0 < point["held_back"] < 100 for point in curve)
    assert json.loads((out / "vae_curve.json").read_text())
    assert load_nano(out).transformer.config.num_layers == 2
    latents, _ = load_nano(out).vae.encode(torch.rand(1, 4, 3, 32, 32), None)
    assert latents.isfinite().all()
    # What stage one has done is not done again.
    weights = load_file(out / "vae.safetensors")
    monkeypatch.setattr(train_vae.VAETrainer, "_update", lambda self: pytest.fail("trained again"))
    main()
    assert load_file(out / "vae.safetensors")["project.weight"].equal(weights["project.weight"])


def test_time_stopped_does_not_count() -> None:
    progress = Progress(1, CPU, spent=30)
    time.sleep(0.2)
    assert 0.5 <= progress.part() < 0.502


def test_rates_rise_then_fall_to_nearly_nothing() -> None:
    optimizers = make_optimizers(NanoWan(), 0.5)
    seen = []
    for step, part in ((0, 0.0), (99, 0.0), (500, 0.5), (900, 1.0)):
        set_rates(optimizers, step, part)
        seen.append([group["lr"] for optimizer in optimizers for group in optimizer.param_groups])
    assert seen[1] == pytest.approx([2e-3, 5e-4, 2.5e-4])
    assert seen[0] == pytest.approx([rate / 100 for rate in seen[1]])
    assert seen[3] == pytest.approx([rate / 100 for rate in seen[1]])
    assert seen[3] < seen[2] < seen[1]


def test_every_weight_that_learns_has_one_rate() -> None:
    model = NanoWan()
    model.vae.requires_grad_(False)
    for parameter in model.vae.decoder_parameters():
        parameter.requires_grad_(True)
    groups = [group["params"] for optimizer in make_optimizers(model, 1) for group in optimizer.param_groups]
    given = [id(parameter) for group in groups for parameter in group]
    assert len(given) == len(set(given))
    assert set(given) == {id(parameter) for parameter in model.parameters() if parameter.requires_grad}


def test_the_decoder_is_what_decoding_needs() -> None:
    vae = NanoVAE()
    latents = torch.zeros(1, 16, 1, 2, 2)
    vae.decode(latents, None)[0].sum().backward()
    used = {id(parameter) for parameter in vae.parameters() if parameter.grad is not None}
    assert {id(parameter) for parameter in vae.decoder_parameters()} == used


def test_words_never_met_are_forgotten() -> None:
    torch.manual_seed(1)
    model = NanoWan()
    oil, unmet = (tokenize(words)[None] for words in ("oil", "xyzzyqqq quuxly zwjkv fnordig"))
    before = model.text(oil), model.text(unmet).norm()
    forget_unseen_words(model)
    assert model.text(oil).equal(before[0])
    assert model.text(unmet).norm() < 0.9 * before[1]
