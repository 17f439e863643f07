from __future__ import annotations

import hmac

import pytest

from livegraph import InputError
from livegraph_server import access
from livegraph_server.access import CODES, SESSIONS, Access, token_for

TOKEN = "0123456789abcdef"


def test_without_a_token_everybody_is_let_in() -> None:
    assert Access(None).open and Access(None).admits()


@pytest.mark.parametrize("given", ["", "x", TOKEN[:-1], TOKEN + "x", "ä", "\udcff"])
def test_another_token_is_refused(given: str) -> None:
    assert not Access(TOKEN).admits(token=given)
    assert Access(TOKEN).admits(token=TOKEN)


def test_a_code_becomes_a_session_once() -> None:
    keys = Access(TOKEN)
    code = keys.code()
    session = keys.log_in(code)
    assert session is not None and keys.admits(session=session)
    assert keys.log_in(code) is None
    assert not keys.admits(session=code) and not keys.admits(token=session)


def test_a_code_ends_after_ten_minutes() -> None:
    now = [0.0]
    keys = Access(TOKEN, lambda: now[0])
    young, old = keys.code(), keys.code()
    now[0] = 599.0
    assert keys.log_in(young) is not None
    now[0] = 600.0
    assert keys.log_in(old) is None


def test_codes_and_sessions_are_kept_in_bounds_and_the_newest_stay() -> None:
    keys = Access(TOKEN)
    codes = [keys.code() for _ in range(CODES + 1)]
    assert keys.log_in(codes[0]) is None and keys.log_in(codes[-1]) is not None
    sessions = [keys.log_in(keys.code()) for _ in range(SESSIONS + 1)]
    assert not keys.admits(session=sessions[0] or "") and keys.admits(session=sessions[-1] or "")


def test_every_secret_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[bytes] = []
    digest = hmac.compare_digest

    def spy(a: bytes, b: bytes) -> bool:
        compared.append(a)
        return digest(a, b)

    keys = Access(TOKEN)
    codes = [keys.code(), keys.code()]
    monkeypatch.setattr(access.hmac, "compare_digest", spy)  # the module's own name for it
    session = keys.log_in(codes[0]) or ""
    other = keys.log_in(codes[1]) or ""
    compared.clear()
    assert keys.admits("wrong", session)
    assert compared == [TOKEN.encode(), session.encode(), other.encode()], "all are compared, whichever fits"


def test_off_loopback_there_is_always_a_token_and_two_are_never_alike() -> None:
    (one, made), (other, _) = token_for(False, {}), token_for(False, {})
    assert made and one is not None and other is not None and len(one) >= 32 and one != other


def test_the_environment_sets_the_token_anywhere() -> None:
    for loopback in (True, False):
        assert token_for(loopback, {"LIVEGRAPH_TOKEN": TOKEN}) == (TOKEN, False)
    assert token_for(True, {}) == (None, False)


def test_a_token_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(InputError, match="LIVEGRAPH_TOKEN has 5 characters; take 16 or more"):
        token_for(True, {"LIVEGRAPH_TOKEN": "short"})
