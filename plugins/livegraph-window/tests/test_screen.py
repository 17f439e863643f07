from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pygame
import pytest

from livegraph import Image
from livegraph_window.screen import Screen, ScreenError

Open = Callable[..., Screen]
Colours = Callable[[int, int], Image]


@pytest.fixture
def screen(dummy: None) -> Iterator[Open]:
    """Opens screens on the dummy driver, and closes them."""
    opened: list[Screen] = []

    def make(size: str = "auto", display: int = 0, title: str = "livegraph") -> Screen:
        opened.append(Screen(display, size, title))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


def show(screen: Screen, picture: Image, fullscreen: bool = False, smooth: bool = True) -> None:
    screen.show(picture.tobytes(), (picture.shape[1], picture.shape[0]), fullscreen=fullscreen, smooth=smooth)


def seen() -> Image:
    return np.ascontiguousarray(pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1))


def press(screen: Screen, key: int) -> None:
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key))
    screen.listen()


def test_a_picture_of_the_windows_size_is_shown_as_it_is(screen: Open) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8)
    show(screen(), picture)
    np.testing.assert_array_equal(seen(), picture)


@pytest.mark.parametrize("smooth", [True, False])
def test_a_picture_is_scaled_to_fit_with_black_around_it(screen: Open, colours: Colours, smooth: bool) -> None:
    show(screen("400x100"), colours(160, 80), smooth=smooth)
    assert seen().shape == (100, 400, 3)
    assert not seen()[:, :100].any() and not seen()[:, 300:].any()
    error = np.abs(seen()[:, 100:300].astype(int) - colours(200, 100))
    assert np.median(error) == 0 and error.mean() < 3


def test_bars_are_black_again_after_the_picture_changes_its_shape(screen: Open) -> None:
    window = screen("100x100")
    show(window, np.full((50, 50, 3), 200, np.uint8))
    show(window, np.full((25, 50, 3), 200, np.uint8))
    assert not seen()[:25].any() and not seen()[75:].any() and (seen()[25:75] == 200).all()


def test_small_pictures_open_a_window_that_can_be_seen(screen: Open, colours: Colours) -> None:
    show(screen(), colours(256, 256))
    assert pygame.display.get_window_size() == (512, 512)


def test_the_pointer_is_hidden_and_the_window_has_its_title(screen: Open, colours: Colours) -> None:
    show(screen(title="stage left"), colours(64, 48))
    assert not pygame.mouse.get_visible()
    assert pygame.display.get_caption()[0] == "stage left"


@pytest.mark.parametrize(
    "event", [pygame.event.Event(pygame.QUIT), pygame.event.Event(pygame.KEYDOWN, key=pygame.K_ESCAPE)]
)
def test_escape_and_closing_the_window_close_it(screen: Open, colours: Colours, event: Any) -> None:
    window = screen()
    show(window, colours(64, 48))
    pygame.event.post(event)
    window.listen()
    assert window.closed and not pygame.display.get_init()
    show(window, colours(64, 48))


def test_f_switches_to_full_screen_and_back_without_waiting_for_a_picture(screen: Open, colours: Colours) -> None:
    window, desktop = screen("320x200"), None
    show(window, colours(64, 48))
    desktop = pygame.display.get_desktop_sizes()[0]
    press(window, pygame.K_f)
    assert pygame.display.get_window_size() == desktop and seen().any()
    press(window, pygame.K_f)
    assert pygame.display.get_window_size() == (320, 200) and seen().any()


def test_the_key_holds_until_the_parameter_changes(screen: Open, colours: Colours) -> None:
    window, sizes = screen("320x200"), []
    show(window, colours(64, 48))
    press(window, pygame.K_f)
    for fullscreen in (False, True, False):
        show(window, colours(64, 48), fullscreen=fullscreen)
        sizes.append(pygame.display.get_window_size())
    desktop = pygame.display.get_desktop_sizes()[0]
    assert sizes == [desktop, desktop, (320, 200)]


def test_other_keys_do_nothing(screen: Open, colours: Colours) -> None:
    window = screen()
    show(window, colours(64, 48))
    press(window, pygame.K_q)
    assert not window.closed


def test_a_display_that_is_not_there_is_named(screen: Open) -> None:
    with pytest.raises(ScreenError, match=r"display 7 is not there: this machine has 1"):
        screen(display=7)
