"""Tiny models where `livegraph models pull` would put them, and nodes as the runtime makes them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from livegraph import Context, Node
from livegraph_wan import load as loading
from livegraph_wan.model import WanTransformer
from livegraph_wan.profile import PROFILES, Architecture
from livegraph_wan.vae.taehv import TAEHV

TINY = Architecture(dim=48, ffn_dim=96, num_layers=2, num_heads=2, text_dim=16, text_len=8, freq_dim=32)
Build = Callable[..., Any]


class NoClock:
    def now_ns(self) -> int:
        return 0


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def build(said: list[str]) -> Iterator[Build]:
    """Make a node of a class with parameters, set up and warm."""
    made: list[Node] = []

    def make(cls: type[Node], *, mode: str = "offline", **params: Any) -> Any:
        chosen = cls.Params(**{"backend": "torch-cpu", "dtype": "fp32", **params})
        node = cls(chosen, Context("wan", mode, NoClock(), say=said.append))  # type: ignore[arg-type]
        made.append(node)
        node.setup()
        node.warm_up()
        return node

    yield make
    for node in made:
        node.teardown()


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, umt5: Path) -> dict[str, Path]:
    """What was pulled: by name, the folder that it lies in."""
    found = {"umt5-xxl": umt5}
    monkeypatch.setattr(loading, "require_model", found.__getitem__)
    monkeypatch.setattr("livegraph_wan.choice.find_model", found.get)
    return found


@pytest.fixture
def self_forcing(folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A causal model as its authors publish it, and TAEHV; pictures of 64x32."""
    name = "self-forcing-1.3b"
    small = replace(PROFILES[name], architecture=TINY, window=6, size=(64, 32))
    monkeypatch.setitem(PROFILES, name, small)
    for model in (name, "taew2_1"):
        folders[model] = tmp_path / model
        folders[model].mkdir()
    torch.manual_seed(1)
    weights = {f"model.{key}": value for key, value in WanTransformer(TINY).state_dict().items()}
    torch.save({"generator_ema": weights}, folders[name] / "self_forcing_dmd.pt")
    torch.save(TAEHV().state_dict(), folders["taew2_1"] / "taew2_1.pth")
    return name
