"""Where a recording goes: its path filled in, its folders made, its name reserved."""

from __future__ import annotations

import errno
import time
from collections.abc import Sequence
from pathlib import Path

from livegraph import InputError, NodeError

EXTENSIONS = (".mp4", ".m4v", ".mov", ".mkv")
_HOPELESS = {
    errno.ENOSPC: "no space is left on the disk",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "no bigger file is permitted there",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "writing there is not permitted",
    errno.EPERM: "writing there is not permitted",
}


def reserve(template: str, name: str, overwrite: bool, extensions: Sequence[str] = EXTENSIONS) -> Path:
    """The file's path with `{time}` and `{name}` filled in; its folders are made and itself created, so that a place
    where nothing can be written is known before the first frame. A second recording in the same second gets `-2` added.
    """
    path = Path(template.replace("{time}", time.strftime("%Y%m%d-%H%M%S")).replace("{name}", name)).expanduser()
    if path.suffix.lower() not in extensions:
        listed = " or ".join(filter(None, (", ".join(extensions[:-1]), extensions[-1])))
        raise InputError(f"{path}: the name must end in {listed}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if "{time}" in template:
            path = _free(path)
        path.touch(exist_ok=overwrite)
    except (FileExistsError, NotADirectoryError) as error:
        if path.is_file():
            hint = "put {time} into the path, or set overwrite: true"
            raise InputError(f"{path} is there already: {hint}") from error
        raise InputError(f"{path} cannot be made: {error.filename} is in the way") from error
    except OSError as error:
        raise failure(error, path) from error
    return path


def failure(error: Exception, path: Path) -> NodeError:
    """What a person is told; an InputError (not tried again) where trying again cannot help."""
    text = f"cannot write {path}: {reason(error)}"
    return InputError(text) if getattr(error, "errno", None) in _HOPELESS else NodeError(text)


def reason(error: Exception) -> str:
    code = getattr(error, "errno", None)
    return _HOPELESS.get(code or 0) or getattr(error, "strerror", None) or str(error)


def _free(path: Path) -> Path:
    candidate, count = path, 1
    while candidate.exists():
        count += 1
        candidate = path.with_stem(f"{path.stem}-{count}")
    return candidate
