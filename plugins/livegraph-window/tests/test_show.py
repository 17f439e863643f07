from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pygame
import pytest

from livegraph import EndOfStream, Frame, Image, InputError
from livegraph_window.show import Show

Open = Callable[..., Show]


def colours(width: int, height: int) -> Image:
    """Red, green / blue, white quarters."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2, 0] = 255
    picture[: height // 2, width // 2 :, 1] = 255
    picture[height // 2 :, : width // 2, 2] = 255
    picture[height // 2 :, width // 2 :] = 255
    return picture


def on_screen() -> Image:
    return np.ascontiguousarray(pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1))


def press(key: int) -> None:
    pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=key))


def test_a_picture_of_the_windows_size_is_shown_as_it_is(show: Open) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (480, 640, 3), np.uint8)
    assert show().process(Frame(0, data=picture)) is None
    np.testing.assert_array_equal(on_screen(), picture)


@pytest.mark.parametrize("smooth", [True, False])
def test_a_picture_is_scaled_to_fit_with_its_aspect_kept_and_black_around_it(show: Open, smooth: bool) -> None:
    show(size="400x100", smooth=smooth).process(Frame(0, data=colours(160, 80)))
    seen = on_screen()
    assert seen.shape == (100, 400, 3)
    assert not seen[:, :100].any() and not seen[:, 300:].any()
    expected = colours(200, 100)
    error = np.abs(seen[:, 100:300].astype(int) - expected)
    assert np.median(error) == 0 and error.mean() < 3
    assert tuple(seen[25, 150]) == (255, 0, 0) and tuple(seen[75, 150]) == (0, 0, 255)


def test_bars_are_black_again_after_the_picture_changes_its_shape(show: Open) -> None:
    window = show(size="100x100")
    window.process(Frame(0, data=np.full((50, 50, 3), 200, np.uint8)))
    window.process(Frame(1, data=np.full((25, 50, 3), 200, np.uint8)))
    seen = on_screen()
    assert not seen[:25].any() and not seen[75:].any() and (seen[25:75] == 200).all()


def test_padded_rows_are_shown_right(show: Open) -> None:
    padded = np.random.default_rng(2).integers(0, 256, (480, 700, 3), np.uint8)
    show().process(Frame(0, data=padded[:, :640]))
    np.testing.assert_array_equal(on_screen(), padded[:, :640])


def test_small_pictures_open_a_window_that_can_be_seen(show: Open) -> None:
    show().process(Frame(0, data=colours(256, 256)))
    assert pygame.display.get_window_size() == (512, 512)


def test_the_pointer_is_hidden_and_the_window_has_its_title(show: Open) -> None:
    show(title="stage left").process(Frame(0, data=colours(640, 480)))
    assert not pygame.mouse.get_visible()
    assert pygame.display.get_caption()[0] == "stage left"


def test_escape_ends_the_stream_here(show: Open) -> None:
    window = show()
    assert window.process(Frame(0, data=colours(64, 64))) is None
    press(pygame.K_ESCAPE)
    assert window.process(Frame(1, data=colours(64, 64))) == EndOfStream()
    assert window.process(Frame(2, data=colours(64, 64))) == EndOfStream()


def test_closing_the_window_ends_the_stream_here(show: Open) -> None:
    window = show()
    window.process(Frame(0, data=colours(64, 64)))
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    assert window.process(Frame(1, data=colours(64, 64))) == EndOfStream()


def test_other_keys_do_nothing(show: Open) -> None:
    window = show()
    window.process(Frame(0, data=colours(64, 64)))
    press(pygame.K_q)
    assert window.process(Frame(1, data=colours(64, 64))) is None


def test_f_switches_to_full_screen_and_back(show: Open) -> None:
    window = show(size="320x200")
    window.process(Frame(0, data=colours(64, 64)))
    press(pygame.K_f)
    window.process(Frame(1, data=colours(64, 64)))
    window.process(Frame(2, data=colours(64, 64)))
    assert pygame.display.get_window_size() == pygame.display.get_desktop_sizes()[0]
    press(pygame.K_f)
    window.process(Frame(3, data=colours(64, 64)))
    window.process(Frame(4, data=colours(64, 64)))
    assert pygame.display.get_window_size() == (320, 200)


def test_full_screen_is_a_live_parameter(show: Open) -> None:
    window = show(size="320x200")
    window.process(Frame(0, data=colours(64, 64)))
    window.params = Show.Params(size="320x200", fullscreen=True)
    window.process(Frame(1, data=colours(64, 64)))
    assert pygame.display.get_window_size() == pygame.display.get_desktop_sizes()[0]


def test_a_display_that_is_not_there_is_named(show: Open) -> None:
    with pytest.raises(InputError, match=r"display 7 is not there: this machine has 1"):
        show(display=7)
    show()


def test_a_second_window_is_refused_and_the_first_goes_on(show: Open) -> None:
    first = show()
    with pytest.raises(InputError, match="one"):
        show()
    assert first.process(Frame(0, data=colours(64, 64))) is None


def test_a_window_can_be_opened_again_after_it_was_closed(show: Open) -> None:
    show().teardown()
    assert show().process(Frame(0, data=colours(64, 64))) is None


def test_macos_off_the_main_thread_is_an_error_with_a_reason_not_a_crash(
    show: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    monkeypatch.setattr(Show, "main_thread", True)
    caught: list[BaseException] = []

    def elsewhere() -> None:
        try:
            show()
        except InputError as error:
            caught.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "main thread" in str(caught[0])
