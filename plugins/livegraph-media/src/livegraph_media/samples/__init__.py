"""Short clips that come with the plugin: `sample://moving` in a graph. See README.md beside this file."""

from __future__ import annotations

from pathlib import Path

from livegraph import InputError

_FOLDER = Path(__file__).parent


def sample_path(name: str) -> Path:
    """The file behind `sample://name`."""
    path = _FOLDER / f"{name}.mp4"
    known = sorted(file.stem for file in _FOLDER.glob("*.mp4"))
    if name not in known:
        raise InputError(f"no sample {name!r}; there is {', '.join(f'sample://{stem}' for stem in known) or 'none'}")
    return path
