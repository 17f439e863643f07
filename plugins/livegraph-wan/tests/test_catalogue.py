"""The catalogue is whole and honest: every model has what it needs, and says what nobody has confirmed."""

from __future__ import annotations

import re

from livegraph_wan.catalogue import models

SPECS = {spec.name: spec for spec in models()}

TRANSFORMERS = (
    "streamdiffusionv2-1.3b",
    "streamdiffusionv2-14b",
    "causvid-1.3b",
    "self-forcing-1.3b",
    "longlive-1.3b",
    "krea-14b",
)


def test_these_are_the_models() -> None:
    others = {"wan2.1-i2v-14b-480p", "wan2.1-vae", "umt5-xxl", "taew2_1", "wan2.1-clip"}
    assert set(SPECS) == {*TRANSFORMERS, *others}
    assert len(SPECS) == len(models())


def test_each_transformer_needs_an_encoder_and_a_vae_that_are_listed() -> None:
    assert all(SPECS[name].needs == ("wan2.1-vae", "taew2_1", "umt5-xxl") for name in TRANSFORMERS)
    assert SPECS["wan2.1-i2v-14b-480p"].needs == ("wan2.1-vae", "umt5-xxl", "wan2.1-clip")
    assert all(needed in SPECS for spec in SPECS.values() for needed in spec.needs)


def test_every_file_is_pinned_to_a_commit() -> None:
    for spec in SPECS.values():
        for file in spec.files:
            pinned = file.revision if file.repo else file.url
            assert re.search(r"[0-9a-f]{40}", pinned), (spec.name, file.path)


def test_a_model_without_a_sum_or_an_exact_size_says_so() -> None:
    for spec in SPECS.values():
        if any(file.sha256 is None for file in spec.files):
            assert "checksum" in spec.notes, spec.name
        if not all(file.exact for file in spec.files):
            assert "rounded" in spec.notes, spec.name
        if spec.licence.commercial is None:
            assert "could not be confirmed" in spec.notes, spec.name


def test_nobody_claims_to_have_tried_them() -> None:
    assert not any(spec.tried for spec in SPECS.values())


def test_every_profile_but_the_one_that_ships_can_be_pulled() -> None:
    from livegraph_wan.profile import PROFILES

    assert set(PROFILES) - {"wan-nano"} <= set(SPECS)
