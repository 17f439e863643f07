from __future__ import annotations

import io
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livegraph.errors import InputError, NodeError
from livegraph.graph.redaction import Redactor

ADDRESS = "rtsp://ada:p%40ss%2Fword@10.0.0.7:554/live/0f3c9a7b?token=s3cr3t-t0ken&w=640"


def test_values_under_four_characters_stay() -> None:
    assert Redactor({"30", "hunter2", "hunter", ""})("30 frames for hunter2 and hunter") == "30 frames for *** and ***"
    assert not Redactor({"30", ""})


@pytest.mark.parametrize(
    "said",
    [
        f"cannot open {ADDRESS}: refused",
        "cannot open rtsp://10.0.0.7:554/live/0f3c9a7b?token=s3cr3t-t0ken&w=640: refused",
        "method DESCRIBE failed: 401 for ada:p@ss/word",
        "wrong password 'p@ss/word'",
        "wrong password 'p%40ss%2Fword'",
        "Connection to tcp://10.0.0.7:554?timeout=0 failed",
        "no stream 0f3c9a7b here",
        "[https] s3cr3t-t0ken has expired",
        "Server said: " + ADDRESS[:40],
        "input_value='" + ADDRESS[:30] + "..." + ADDRESS[-20:] + "'",
        "input_value='" + ADDRESS[:30] + "…'",
    ],
)
def test_an_address_shows_in_no_spelling_and_in_no_part(said: str) -> None:
    told = Redactor({ADDRESS})(said)
    assert "***" in told
    for part in ("p@ss", "p%40", "ada:", "10.0.0.7", "0f3c9a7b", "s3cr3t", "t0ken"):
        assert part not in told, told


def test_a_host_by_one_word_spoils_no_sentence() -> None:
    told = Redactor({"rtsp://camera/"})
    assert told("node camera: cannot open rtsp://camera/: refused") == "node camera: cannot open ***: refused"


@pytest.mark.parametrize(
    "secret", ["back\\slash'quote", "två ord", "p&ss=w+rd/", "first line of two\nsecond line here"]
)
def test_what_others_make_of_a_value(secret: str) -> None:
    from urllib.parse import quote

    told = Redactor({secret})
    for spelled in (
        repr(secret),
        quote(secret),
        quote(secret, safe=""),
        " ".join(secret.split()),
        *secret.splitlines(),
    ):
        assert told(f"<{spelled}>").replace("'", "").replace('"', "") == "<***>"


@given(st.text(min_size=4), st.text(), st.text())
def test_no_value_is_left_standing(secret: str, before: str, after: str) -> None:
    told = Redactor({secret})(before + secret + after)
    assert secret not in told.replace("***", "\0") or secret.strip("*") == ""


def test_an_error_loses_the_chain_that_repeats_a_value() -> None:
    error = NodeError("node cam: cannot open it")
    error.__cause__ = OSError(111, "Connection refused", "rtsp://ada:hunter2@cam")
    Redactor({"hunter2"}).clean(error)
    assert str(error) == "node cam: cannot open it"
    assert error.__cause__ is None

    kept = InputError("node cam: no file film-hunter2.mp4")
    Redactor({"hunter2"}).clean(kept)
    assert (type(kept), str(kept)) == (InputError, "node cam: no file film-***.mp4")

    other = NodeError("node cam: broken")
    other.__cause__ = cause = OSError(5, "broken")
    Redactor({"hunter2"}).clean(other)
    assert other.__cause__ is cause


def test_a_log_shows_none_of_it_and_only_while_it_should() -> None:
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    parent, child = logging.getLogger("test_redaction"), logging.getLogger("test_redaction.node")
    parent.addHandler(handler)
    try:
        with Redactor({"hunter2"}).in_logs(parent):
            child.warning("password %s at %d", "hunter2", 7)
            child.warning("does not fit %d %s", "hunter2")
            try:
                raise ValueError("not hunter2")
            except ValueError:
                child.exception("no entry")
        assert "hunter2" not in written.getvalue()
        assert "password *** at 7\n" in written.getvalue()
        assert "ValueError: not ***" in written.getvalue()
        child.warning("hunter2")
        assert written.getvalue().endswith("hunter2\n")
    finally:
        parent.removeHandler(handler)
    assert sys.exc_info() == (None, None, None)
