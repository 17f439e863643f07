"""What may be said to the bench, and what is made of it."""

from __future__ import annotations

import pytest

from livegraph import InputError
from livegraph_wan.bench.case import case_of
from livegraph_wan.bench.options import ENGINE, GRAPH, OPTIONS, Asked, count, duration, parts, size


def test_every_option_reaches_the_bench() -> None:
    assert {option.name.replace("-", "_") for option in OPTIONS} == set(Asked.__dataclass_fields__)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1h", 3600), ("1.5m", 90)])
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (size, "832"),
        (size, "830x480"),
        (size, "0x16"),
        (duration, "10"),
        (duration, "0s"),
        (count, "0"),
        (count, "-1"),
        (parts, "live,all"),
    ],
)
def test_what_is_wrong_is_told_with_what_was_expected(parse: object, text: str) -> None:
    with pytest.raises(ValueError, match=r"expected .*, not '"):
        parse(text)  # type: ignore[operator]


def test_who_says_nothing_means_everything_but_what_takes_hours() -> None:
    assert Asked().parts == (*GRAPH, *ENGINE)


@pytest.mark.parametrize("said", [{"profile": "krea-14b"}, {"random_weights": True}, {"suite": "h200"}, {"steps": 2}])
def test_who_says_something_of_the_model_means_the_engine(said: dict[str, object]) -> None:
    assert Asked(**said).parts == ENGINE  # type: ignore[arg-type]


def test_what_is_asked_for_by_name_is_all_that_is_measured() -> None:
    assert Asked(profile="wan-nano", only=("stages",)).parts == ("stages",)
    assert Asked(drift=60.0, size=(64, 64)).parts == ("drift",)


def test_a_case_says_all_that_its_figures_depend_on() -> None:
    asked = Asked(profile="streamdiffusionv2-1.3b", size=(256, 128), window=4, backend="torch-cpu", random_weights=True)
    figure = case_of(asked).figure("stages", "encode", 1.0, "ms")
    assert isinstance(figure.setting.pop("threads"), int)  # type: ignore[attr-defined]
    assert figure.setting == {
        "profile": "streamdiffusionv2-1.3b",
        "size": "256x128",
        "steps": 2,
        "window": 4,
        "vae": "taehv",
        "dtype": case_of(asked).dtype,
        "backend": "torch-cpu",
        "weights": "random",
        "stages": "in turn",
    }


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"profile": "self-forcing-1.3b", "window": 4}, "multiple of 3"),
        ({"profile": "causvid-1.3b", "steps": 4}, "3 steps at most"),
        ({"vae": "taehv"}, "vae: taehv does not work with wan-nano"),
        ({"backend": "torch-mps"}, "torch-mps does not work here"),
    ],
)
def test_what_cannot_be_is_refused(said: dict[str, object], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        case_of(Asked(random_weights=True, **said))  # type: ignore[arg-type]


def test_a_smaller_window_has_a_smaller_sink() -> None:
    case = case_of(Asked(profile="streamdiffusionv2-1.3b", window=2, random_weights=True, backend="torch-cpu"))
    assert (case.profile.window, case.profile.sink) == (2, 1)


@pytest.mark.parametrize(
    ("profile", "passes"),
    [("wan-nano", 1), ("streamdiffusionv2-1.3b", 2), ("self-forcing-1.3b", 3), ("krea-14b", 3)],
)
def test_passes_per_chunk(profile: str, passes: int) -> None:
    """At the profile's strength of 0.8: self-forcing has 800 and 625 left, and a clean one; krea the same two, and
    computes the one block that it remembers again.
    """
    assert case_of(Asked(profile=profile, random_weights=True, backend="torch-cpu")).passes == passes


def test_the_suite_is_what_is_promised() -> None:
    cases = Asked(suite="h200", backend="torch-cpu").cases
    assert [(case.profile.name, case.size) for case in cases] == [
        ("streamdiffusionv2-1.3b", (832, 480)),
        ("streamdiffusionv2-1.3b", (512, 512)),
        ("streamdiffusionv2-14b", (832, 480)),
    ]
    assert {(case.steps, case.profile.window, case.vae, case.random) for case in cases} == {(2, 6, "taehv", True)}
    assert {case.fps_bar for case in cases} == {None}, "the bars are for a GPU"


def test_what_is_said_beside_a_suite_holds_instead() -> None:
    (case,) = Asked(suite="h200", profile="streamdiffusionv2-1.3b", size=(256, 256), backend="torch-cpu").cases
    assert case.size == (256, 256) and case.random
