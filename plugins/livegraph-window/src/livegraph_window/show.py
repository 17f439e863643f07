"""window.show."""

from __future__ import annotations

import sys
import threading
from typing import Any, ClassVar

from livegraph import EndOfStream, Frame, In, InputError, Param, Sink, Video
from livegraph_window.display import why_no_display
from livegraph_window.fit import SIZE


class Show(Sink):
    """Show the stream in a window, or on the full screen of a display.

    The picture is scaled to fit, its aspect kept, black around it; the pointer is hidden. The key `f` switches
    between window and full screen. `Esc`, or closing the window, ends the stream here: where nothing else is left to
    feed, the run ends as if its source had.
    """

    presents = True
    main_thread: ClassVar[bool] = sys.platform == "darwin"
    """macOS shows windows only from the process's first thread."""

    video: In[Video]
    size: str = Param(
        "auto", pattern=SIZE, unit="px", doc="the window's, such as 1280x720; auto: the picture's, small ones doubled"
    )
    fullscreen: bool = Param(False, live=True, doc="fill a display; the key f switches")
    display: int = Param(0, ge=0, remote=False, doc="which display, counted from 0")
    title: str = Param("livegraph", doc="what the window is called")
    smooth: bool = Param(True, live=True, doc="scale smoothly; off: hard pixels, and faster")

    @classmethod
    def unavailable(cls, params: Any) -> str | None:
        return why_no_display()

    def setup(self) -> None:
        if self.main_thread and threading.current_thread() is not threading.main_thread():
            raise InputError("macOS opens windows on the main thread only, and this run has its nodes on others")
        from livegraph_window.screen import Screen

        self._screen = Screen(self.display, self.size, self.title)
        self._asked = self._fullscreen = self.fullscreen

    def process(self, video: Frame) -> EndOfStream | None:
        if self._screen.closed:
            return EndOfStream()
        if self._asked != self.fullscreen:
            self._asked = self._fullscreen = self.fullscreen
        self._screen.show(video.data, fullscreen=self._fullscreen, smooth=self.smooth)
        keys = self._screen.keys()
        if "escape" in keys:
            self._screen.closed = True
        if "f" in keys:
            self._fullscreen = not self._fullscreen
        return EndOfStream() if self._screen.closed else None

    def teardown(self) -> None:
        if hasattr(self, "_screen"):
            self._screen.close()
