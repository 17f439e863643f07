from __future__ import annotations

import os
import signal
import subprocess
import sys

PLAYER = """
import numpy as np, time
from livegraph import Context, EndOfStream, Frame
from livegraph_window.show import Show

window = Show(Show.Params(), Context("window", "live", None))
window.setup()
for count in range(2000):
    if window.process(Frame(count, data=np.zeros((48, 64, 3), np.uint8))) == EndOfStream():
        break
    print("showing", flush=True)
    time.sleep(0.01)
"""


def test_sigterm_is_left_to_the_run_sdl_does_not_take_it() -> None:
    environ = {**os.environ, "SDL_VIDEODRIVER": "dummy"}
    command = [sys.executable, "-c", PLAYER]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as player:
        try:
            assert player.stdout is not None
            assert player.stdout.readline().strip() == "showing"
            player.terminate()
            assert player.wait(20) == -signal.SIGTERM
        finally:
            player.kill()
