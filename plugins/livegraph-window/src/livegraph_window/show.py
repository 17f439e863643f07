"""window.show."""

from __future__ import annotations

from typing import Any

from livegraph import EndOfStream, Frame, In, Param, Sink, Video
from livegraph_window.display import why_no_display
from livegraph_window.fit import SIZE


class Show(Sink):
    """Show the stream in a window, or on the full screen of a display.

    The picture is scaled to fit, its aspect kept, black around it; the pointer is hidden. The key `f` switches
    between window and full screen. `Esc`, or closing the window, ends the stream here: where nothing else is left to
    feed, the run ends as if its source had.
    """

    presents = True

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
        from livegraph_window.window import Window

        self._window = Window(self.display, self.size, self.title)

    def process(self, video: Frame) -> EndOfStream | None:
        if not self._window.closed:
            self._window.show(video.data, fullscreen=self.fullscreen, smooth=self.smooth)
        return EndOfStream() if self._window.closed else None

    def teardown(self) -> None:
        if hasattr(self, "_window"):
            self._window.close()
