"""Proof of the transformer's numerics on this machine: golden files in, one JSON document out."""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Literal, TypedDict

import numpy as np

from livegraph_wan.golden import Golden, Numbers, read

BackendName = Literal["torch", "mlx"]
DtypeName = Literal["fp32", "bf16"]

TOLERANCES: dict[tuple[BackendName, DtypeName], tuple[Literal["max_abs", "rel_l2"], float]] = {
    ("torch", "fp32"): ("max_abs", 1e-5),
    ("torch", "bf16"): ("rel_l2", 2e-2),
    ("mlx", "fp32"): ("max_abs", 1e-4),
    ("mlx", "bf16"): ("rel_l2", 2e-2),
}
"""Which error counts, and how large it may be."""
_RUNS: dict[BackendName, str] = {"torch": "livegraph_wan.golden_torch", "mlx": "livegraph_wan.mlx.golden"}


class Errors(TypedDict):
    """How far off a result is."""

    max_abs: float
    rel_l2: float


class Document(TypedDict):
    """What `verify` found; `files` by path, then by check (`causal`, `rolling`)."""

    backend: BackendName
    dtype: DtypeName
    files: dict[str, dict[str, Errors]]


def verify(files: Iterable[Path], backend: BackendName = "torch", dtype: DtypeName = "fp32") -> Document:
    """Run golden files through a backend. ImportError where that is not installed, ValueError for other files."""
    results = {str(path): _verify(read(path), backend, dtype) for path in files}
    return {"backend": backend, "dtype": dtype, "files": results}


def keeps(errors: Errors, backend: BackendName, dtype: DtypeName) -> bool:
    """Whether the tolerance is kept. NaN keeps none."""
    measure, limit = TOLERANCES[backend, dtype]
    return errors[measure] <= limit


def passes(document: Document) -> bool:
    """Whether every result in it keeps its tolerance."""
    backend, dtype = document["backend"], document["dtype"]
    return all(keeps(errors, backend, dtype) for checks in document["files"].values() for errors in checks.values())


def _verify(golden: Golden, backend: BackendName, dtype: DtypeName) -> dict[str, Errors]:
    run = import_module(_RUNS[backend]).prepare(golden, dtype)
    return {check: _errors(run(window), golden.outputs[check]) for check, window in golden.windows.items()}


def _errors(got: Numbers, wanted: Numbers) -> Errors:
    difference = got - wanted
    return {
        "max_abs": float(np.abs(difference).max()),
        "rel_l2": float(np.linalg.norm(difference) / np.linalg.norm(wanted)),
    }
