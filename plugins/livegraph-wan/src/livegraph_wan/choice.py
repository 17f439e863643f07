"""Which model runs, and what computes it. Imports nothing heavy: a graph is planned before torch is.

`auto` for a model: one that was pulled, where there is a GPU for it; else wan-nano, if it can do what is asked for.
`auto` for what computes: the first of MLX, CUDA, Apple's MPS and the CPU that says it works here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Literal, NamedTuple

from livegraph import InputError, ModelError, find_model
from livegraph_wan.machine import has_gpu, is_apple
from livegraph_wan.profile import PROFILES, WAN_NANO, Profile, Task, VaeName

BACKENDS = {
    "mlx": "livegraph_wan.mlx.device:probe",
    "torch-cuda": "livegraph_wan.device:probe_cuda",
    "torch-mps": "livegraph_wan.device:probe_mps",
    "torch-cpu": "livegraph_wan.device:probe_cpu",
}
"""What computes, best first, and what tells whether it works: it returns what it found, or raises
RuntimeError."""
GROUPS = {"torch": ("torch-cuda", "torch-mps", "torch-cpu")}
"""Names for several."""
PREFERRED = (
    "streamdiffusionv2-1.3b",
    "self-forcing-1.3b",
    "longlive-1.3b",
    "causvid-1.3b",
    "streamdiffusionv2-14b",
    "krea-14b",
    "wan2.1-i2v-14b-480p",
)
"""Of what was pulled, which is taken first: made to repaint before made to paint, small before large."""
CAN = {"v2v": "repaint video", "t2v": "paint from a prompt alone", "i2v": "go on from a still"}


class Chosen(NamedTuple):
    """One of `BACKENDS`, and why."""

    name: str
    reason: str


def profile_for(model: str, task: Task = "v2v") -> Profile:
    """The profile of a model by name; `auto` looks at what is here. ValueError for an unknown name, for a model that
    cannot do the task, and where none is here that can.
    """
    if model == "auto":
        return PROFILES[_best_here(task)]
    if model not in PROFILES:
        raise ValueError(f"no model {model!r}: there are auto, {', '.join(PROFILES)}")
    if task not in PROFILES[model].tasks:
        raise ValueError(f"{model} cannot {CAN[task]}; these can: {', '.join(able(task))}")
    return PROFILES[model]


def able(task: Task) -> list[str]:
    """The models that can do a task, those to be preferred first."""
    names = [*PREFERRED, *(name for name in PROFILES if name not in PREFERRED)]
    return [name for name in names if task in PROFILES[name].tasks]


def _best_here(task: Task) -> str:
    """The first that was pulled, where there is a GPU for it; what wan-nano cannot do is theirs without one, too."""
    small = task in WAN_NANO.tasks
    if small and not has_gpu():
        return WAN_NANO.name
    here = next((name for name in PREFERRED if task in PROFILES[name].tasks and _is_here(name)), None)
    if here is None and not small:
        first, *others = able(task)
        get = f"livegraph models pull {first} (or {', '.join(others)})"
        raise ValueError(f"no model is here that can {CAN[task]}; get one: {get}")
    return here or WAN_NANO.name


def _is_here(model: str) -> bool:
    try:
        return find_model(model) is not None
    except ModelError:
        return False


def vae_of(profile: Profile, asked: VaeName | Literal["auto"]) -> VaeName:
    """The VAE that is asked for, or the profile's own, or where that was not pulled Wan's."""
    if asked != "auto":
        return asked
    if profile.vae == "nano":
        return "nano"
    return "taehv" if profile.vae == "taehv" and taehv_is_here() else "wan"


def check_vae(profile: Profile, asked: VaeName | Literal["auto"]) -> None:
    """`InputError` where a VAE was not made for a model's latents; it says what works instead."""
    if asked in ("auto", *vaes_for(profile)):
        return
    as_able = (other for other in PROFILES.values() if set(profile.tasks) <= set(other.tasks))
    others = ", ".join(other.name for other in as_able if asked in vaes_for(other))
    elsewhere = f" (models for {asked}: {others})" if others else ""
    here = ", ".join(("auto", *vaes_for(profile)))
    raise InputError(f"vae: {asked} does not work with {profile.name}; here: {here}{elsewhere}")


def vaes_for(profile: Profile) -> tuple[VaeName, ...]:
    """The VAEs whose latents a model knows: Wan's and TAEHV's are the same, wan-nano's its own."""
    return ("nano",) if profile.vae == "nano" else ("taehv", "wan")


def overlaps(asked: bool | Literal["auto"], profile: Profile, topology: str) -> bool:
    """Whether the stages of a chunk run beside its neighbours'. The plan counts on it, so it is no matter of what is
    found when a model is set up. A crew's members go step by step.
    """
    if topology != "single":
        return False
    return has_gpu() and profile.vae != "nano" if asked == "auto" else asked


def likely_backend(asked: str) -> str:
    """What computes, as far as can be told from the outside: for planning."""
    if asked in BACKENDS:
        return asked
    if not has_gpu():
        return "torch-cpu"
    if is_apple():
        return "mlx" if asked == "auto" else "torch-mps"
    return "torch-cuda"


def taehv_is_here() -> bool:
    """Whether the VAE that costs little was pulled."""
    return _is_here("taew2_1")


def choose_backend(asked: str, *, cpu: bool, probes: Mapping[str, str] = BACKENDS) -> Chosen:
    """What computes. `cpu` overrules `auto`. Raises `InputError` where what was asked for does not work here."""
    if asked == "auto" and cpu:
        return Chosen("torch-cpu", "the CPU was asked for")
    if is_apple():  # read when torch is imported: what MPS lacks then runs on the CPU, and torch warns which that is
        os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    names = tuple(probes) if asked == "auto" else GROUPS.get(asked, (asked,))
    refused = []
    for name in names:
        try:
            return Chosen(name, _probe(probes[name]))
        except RuntimeError as error:
            refused.append(f"{name}: {error}")
    raise InputError(f"backend {asked} does not work here: {'; '.join(refused)}")


def _probe(target: str) -> str:
    module, _, name = target.partition(":")
    return str(getattr(import_module(module), name)())
