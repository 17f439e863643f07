"""Screen: one SDL window, and what its user does with it. Lives in a process of its own; see `child.py`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")  # the run decides when to stop
os.environ.setdefault("SDL_VIDEO_MINIMIZE_ON_FOCUS_LOSS", "0")  # a click on the desk must not empty the projector

import pygame

from livegraph_window.fit import Rect, fitted, window_size

if TYPE_CHECKING:
    from livegraph import Size

BLACK = (0, 0, 0)


class ScreenError(Exception):
    """Why there can be no window."""


class Screen:
    """Opens SDL's video system at once, and its window with the first picture.

    `f` switches between window and full screen; `Esc`, or closing the window, sets `closed`.
    """

    def __init__(self, display: int, size: str, title: str) -> None:
        self._display, self._size, self._title = display, size, title
        self._surface: pygame.Surface | None = None
        self._image: pygame.Surface | None = None
        self._layout: tuple[Size, Size] | None = None
        self._asked = self._fullscreen = self._is_fullscreen = False
        self._smooth = True
        self.closed = False
        self._start()

    def _start(self) -> None:
        try:
            pygame.display.init()
        except pygame.error as error:
            raise ScreenError(
                f"no window can be opened here: {error}. Leave window.show out, or record instead"
            ) from None
        displays = pygame.display.get_num_displays()
        if self._display >= displays:
            pygame.display.quit()
            raise ScreenError(f"display {self._display} is not there: this machine has {displays}, counted from 0")

    def show(self, pixels: bytes | bytearray | memoryview, size: Size, *, fullscreen: bool, smooth: bool) -> None:
        """Put a picture on the screen: `pixels` are rgb24, rows from the top, copied. `fullscreen` counts when it
        changes, so that the key `f` is not overruled by every picture.
        """
        if self.closed:
            return
        if fullscreen != self._asked:
            self._asked = self._fullscreen = fullscreen
        self._smooth = smooth
        self._draw(pygame.image.frombuffer(pixels, size, "RGB"))

    def _draw(self, picture: pygame.Surface) -> None:
        if self._surface is None or self._fullscreen != self._is_fullscreen:
            self._surface = self._open_window(picture.get_size())
        self._image = picture.convert(self._surface)
        place = self._lay_out(self._surface, picture.get_size())
        if picture.get_size() == place[2:]:
            self._surface.blit(self._image, place[:2])
        else:
            scale = pygame.transform.smoothscale if self._smooth else pygame.transform.scale
            scale(self._image, place[2:], self._surface.subsurface(place))
        pygame.display.flip()

    def _open_window(self, picture: Size) -> pygame.Surface:
        """Open the window, or a new one in the other mode: a window that only changes its mode stays where it was on
        a screen without a window manager.
        """
        if self._surface is not None:
            pygame.display.quit()
            pygame.display.init()
        desktop = pygame.display.get_desktop_sizes()[self._display]
        size = desktop if self._fullscreen else window_size(self._size, picture, desktop)
        flags = pygame.FULLSCREEN if self._fullscreen else pygame.RESIZABLE
        pygame.display.set_caption(self._title)
        surface = pygame.display.set_mode(size, flags, display=self._display)
        pygame.mouse.set_visible(False)
        self._is_fullscreen, self._layout = self._fullscreen, None
        return surface

    def _lay_out(self, surface: pygame.Surface, picture: Size) -> Rect:
        """Where the picture goes; black around it is painted when this changes, not for every picture."""
        place = fitted(picture, surface.get_size())
        if self._layout != (picture, surface.get_size()):
            surface.fill(BLACK)
            self._layout = picture, surface.get_size()
        return place

    def listen(self) -> None:
        """Do what the user asked for since the last call."""
        for event in pygame.event.get():
            if event.type == pygame.QUIT or (event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE):
                self.close()
                return
            if event.type == pygame.KEYDOWN and event.key == pygame.K_f:
                self._fullscreen = not self._fullscreen
                self._redraw()
            elif event.type in (pygame.WINDOWSIZECHANGED, pygame.WINDOWEXPOSED):
                self._redraw()

    def _redraw(self) -> None:
        """The last picture again, when the window changed and no new picture may come for a while."""
        if self._image is not None:
            self._draw(self._image)

    def close(self) -> None:
        """Close the window and SDL's video system."""
        self.closed = True
        pygame.display.quit()
