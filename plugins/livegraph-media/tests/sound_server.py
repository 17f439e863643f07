"""PulseAudio with a sink that nobody hears, whose monitor is a microphone: in a folder of its own, without hardware."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

MODULES = (
    "module-native-protocol-unix auth-anonymous=1 socket={socket}",
    "module-null-sink sink_name=studio rate=48000",
)


class SoundServer:
    """One process, which can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "native"
        self.environment = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        quiet = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"]
        modules = [f"--load={each.format(socket=self.socket)}" for each in MODULES]
        self.socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            ["pulseaudio", *quiet, *modules], env=self.environment, stderr=subprocess.DEVNULL
        )
        self._wait()

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _wait(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            with socket.socket(socket.AF_UNIX) as probe:
                try:
                    return probe.connect(str(self.socket))
                except OSError:
                    if time.monotonic() > deadline:
                        raise
            time.sleep(0.05)
