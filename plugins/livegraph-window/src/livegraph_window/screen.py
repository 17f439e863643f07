"""Screen: one SDL window, and what its user does with it. Every method is called on the same thread."""

from __future__ import annotations

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")  # SIGINT and SIGTERM belong to the run
os.environ.setdefault("SDL_VIDEO_MINIMIZE_ON_FOCUS_LOSS", "0")  # a click on the desk must not empty the projector

import numpy as np
import pygame

from livegraph import Image, InputError, Size, size_of
from livegraph_window.fit import Rect, fitted, window_size

BLACK = (0, 0, 0)


class Screen:
    """Opens SDL's video system at once, and its window with the first picture.

    SDL's window, events and drawing belong to one thread, and pygame has one display per process: a second Screen
    beside an open one is refused.
    """

    _open: bool = False

    def __init__(self, display: int, size: str, title: str) -> None:
        if Screen._open:
            raise InputError("there is a window already, and a run can have one: leave one window.show out")
        self._display, self._size, self._title = display, size, title
        self._surface: pygame.Surface | None = None
        self._layout: tuple[Size, Size] | None = None
        self._fullscreen = False
        self.closed = False
        self._start()
        Screen._open = True

    def _start(self) -> None:
        try:
            pygame.display.init()
        except pygame.error as error:
            raise InputError(
                f"no window can be opened here: {error}. Leave window.show out, or record instead"
            ) from None
        displays = pygame.display.get_num_displays()
        if self._display >= displays:
            pygame.display.quit()
            raise InputError(f"display {self._display} is not there: this machine has {displays}, counted from 0")

    def show(self, picture: Image, *, fullscreen: bool, smooth: bool) -> None:
        """Draw rgb24, uint8 [H, W, 3], scaled to fit, and put it on the screen."""
        size = size_of(picture)
        if self._surface is None or fullscreen != self._fullscreen:
            self._surface = self._open_window(size, fullscreen)
        place = self._lay_out(self._surface, size)
        image = pygame.image.frombuffer(np.ascontiguousarray(picture).data, size, "RGB")
        if size == place[2:]:
            self._surface.blit(image, place[:2])
        else:
            scale = pygame.transform.smoothscale if smooth else pygame.transform.scale
            scale(image.convert(self._surface), place[2:], self._surface.subsurface(place))
        pygame.display.flip()

    def _open_window(self, picture: Size, fullscreen: bool) -> pygame.Surface:
        """Open the window, or a new one in the other mode: a window that only changes its mode stays where it was on
        a screen without a window manager.
        """
        if self._surface is not None:
            pygame.display.quit()
            pygame.display.init()
        desktop = pygame.display.get_desktop_sizes()[self._display]
        size = desktop if fullscreen else window_size(self._size, picture, desktop)
        flags = pygame.FULLSCREEN if fullscreen else pygame.RESIZABLE
        pygame.display.set_caption(self._title)
        surface = pygame.display.set_mode(size, flags, display=self._display)
        pygame.mouse.set_visible(False)
        self._fullscreen, self._layout = fullscreen, None
        return surface

    def _lay_out(self, surface: pygame.Surface, picture: Size) -> Rect:
        """Where the picture goes; black around it is painted when this changes, not for every picture."""
        place = fitted(picture, surface.get_size())
        if self._layout != (picture, surface.get_size()):
            surface.fill(BLACK)
            self._layout = picture, surface.get_size()
        return place

    def keys(self) -> list[str]:
        """Names of the keys pressed since the last call (`escape`, `f`); `closed` tells of the closed window."""
        pressed = []
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                self.closed = True
            elif event.type == pygame.KEYDOWN:
                pressed.append(pygame.key.name(event.key))
        return pressed

    def close(self) -> None:
        """Close the window and SDL's video system."""
        pygame.display.quit()
        Screen._open = False
