"""The questions that `livegraph doctor` puts to a machine. What may crash or hang is asked in a process of its own."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

ASK_TORCH = """
import torch
devices = [f"cuda:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
devices += ["mps"] if torch.backends.mps.is_available() else []
print(torch.__version__ + ":", ", ".join([*devices, f"cpu, {torch.get_num_threads()} threads"]))
"""
ASK_MLX = "import mlx.core as mx; print(mx.__version__ + ':', mx.default_device())"
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Finding:
    """`note`: something is not there that some graphs would use; `fail`: something is broken."""

    what: str
    state: Literal["ok", "note", "fail"]
    found: str
    advice: str = ""


def examine() -> Iterator[Finding]:
    """Every finding, cheap ones first."""
    yield python()
    yield machine()
    yield packages()
    yield from plugins()
    yield display()
    yield cameras()
    yield ffmpeg()
    yield devices("torch", ASK_TORCH)
    if sys.platform == "darwin" and platform.machine() == "arm64":
        yield devices("mlx", ASK_MLX)


def python() -> Finding:
    found = f"{platform.python_version()} in {sys.prefix}"
    if sys.prefix == sys.base_prefix:
        return Finding("python", "note", found, "an environment of its own is safer: scripts/setup makes one")
    return Finding("python", "ok", found)


def machine() -> Finding:
    cores = os.cpu_count() or 1
    return Finding("machine", "ok", f"{platform.system()} {platform.release()}, {platform.machine()}, {cores} cores")


def packages() -> Finding:
    """livegraph's own dependencies, as its metadata names them."""
    names = [
        re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in requires("livegraph") or () if "extra ==" not in line
    ]
    found, missing = [f"livegraph {version('livegraph')}"], []
    for name in names:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("packages", "fail", "missing: " + ", ".join(missing), "pip install " + " ".join(missing))
    return Finding("packages", "ok", ", ".join(found))


def plugins() -> Iterator[Finding]:
    """A line for the plugins that work, and one for each that does not."""
    from livegraph.registry import registry

    found = registry().plugins
    loaded = [f"{info.name} {info.version}" for info in found if info.state == "loaded"]
    yield Finding("plugins", "ok" if loaded else "note", ", ".join(sorted(loaded)) or "none")
    for info in found:
        if info.state != "loaded":
            advice = f"pip install --upgrade {info.distribution}, or uninstall it"
            yield Finding(f"plugin {info.name}", "fail", f"{info.state}: {info.reason}", advice)


def display() -> Finding:
    if sys.platform in ("darwin", "win32"):
        return Finding("display", "ok", "the desktop")
    for name in ("WAYLAND_DISPLAY", "DISPLAY"):
        if os.environ.get(name):
            return Finding("display", "ok", f"{name}={os.environ[name]}")
    return Finding("display", "note", "none", "window.show is left out of graphs; over ssh, use ssh -X or record")


def cameras() -> Finding:
    if sys.platform != "linux":
        return Finding("cameras", "ok", "asked for when a graph opens one; the system may ask you to allow it")
    found = sorted(Path("/dev").glob("video[0-9]*"))
    if not found:
        return Finding("cameras", "note", "none", "media.camera shows its moving test scene instead")
    if locked := [path.name for path in found if not os.access(path, os.R_OK | os.W_OK)]:
        return Finding(
            "cameras", "fail", f"no access to {', '.join(locked)}", "sudo usermod -aG video $USER, log in anew"
        )
    return Finding("cameras", "ok", ", ".join(map(str, found)))


def ffmpeg() -> Finding:
    path = shutil.which("ffmpeg")
    if path is None:
        return Finding(
            "ffmpeg", "note", "not installed", "only the benchmark needs it: livegraph brings its own codecs"
        )
    return Finding("ffmpeg", "ok", path)


def devices(package: str, question: str) -> Finding:
    """What a framework can compute on."""
    try:
        version(package)
    except PackageNotFoundError:
        return Finding(package, "note", "not installed", f"diffusion nodes need it: pip install {package}")
    try:
        answer = subprocess.run(
            [sys.executable, "-c", question], capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Finding(package, "fail", f"did not answer within {PATIENCE_S:.0f} s", f"reinstall {package}")
    if answer.returncode != 0:
        last = (answer.stderr.strip().splitlines() or ["it crashed"])[-1]
        return Finding(package, "fail", last, f"reinstall {package}")
    return Finding(package, "ok", answer.stdout.strip())
