from __future__ import annotations

import ssl
import stat
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from server_support import UNWATCHED, Play

from livegraph import InputError
from livegraph_server import certificate
from livegraph_server.certificate import certificate_for, own

NAMES = ["localhost", "studio.local", "127.0.0.1", "::1", "10.0.0.7"]


def test_a_certificate_is_made_once_and_kept(tmp_path: Path) -> None:
    first = own(tmp_path, NAMES)
    content = first.key.read_bytes()
    assert own(tmp_path, NAMES[:3]) == first and first.key.read_bytes() == content
    assert stat.S_IMODE(first.key.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [first.key]


def test_it_is_made_anew_for_a_new_address(tmp_path: Path) -> None:
    first = own(tmp_path, NAMES)
    assert own(tmp_path, [*NAMES, "10.0.0.8"]).fingerprint != first.fingerprint


def test_it_is_made_anew_before_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate, "LIFE", timedelta(days=6))
    first = own(tmp_path, NAMES)
    assert own(tmp_path, NAMES).fingerprint != first.fingerprint


def test_it_is_made_anew_where_the_file_is_damaged(tmp_path: Path) -> None:
    first = own(tmp_path, NAMES)
    first.key.write_bytes(first.key.read_bytes()[:-300])
    assert own(tmp_path, NAMES).fingerprint != first.fingerprint


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"--tls auto: .*own.pem cannot be written"):
        own(tmp_path / "file", NAMES)


@pytest.mark.parametrize("tls", ["yes", "cert.pem", "cert.pem,", ",key.pem"])
def test_what_is_neither_auto_nor_two_files_is_explained(tls: str) -> None:
    with pytest.raises(InputError, match="write `auto`, or CERT,KEY"):
        certificate_for(tls, NAMES)


def test_files_that_are_missing_or_do_not_fit_are_named(tmp_path: Path) -> None:
    one, other = own(tmp_path / "one", NAMES).key, own(tmp_path / "other", NAMES).key
    with pytest.raises(InputError, match=r"nothing.pem cannot be read: No such file"):
        certificate_for(f"{one},{tmp_path}/nothing.pem", NAMES)
    with pytest.raises(InputError, match="must be a certificate and its own key, in PEM"):
        certificate_for(f"{one},{other}", NAMES)
    (tmp_path / "text.pem").write_text("no certificate")
    with pytest.raises(InputError, match="must be a certificate and its own key, in PEM"):
        certificate_for(f"{tmp_path}/text.pem,{one}", NAMES)
    assert certificate_for(f"{one},{one}", NAMES).fingerprint == ""


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_a_browser_that_trusts_it_is_served_over_tls(play: Play, tmp_path: Path, name: str) -> None:
    show = play(UNWATCHED, tls="auto")
    file = tmp_path / "data" / "livegraph" / "tls" / "own.pem"
    trusting = ssl.create_default_context(cafile=file)
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    address = show.server.address.replace("127.0.0.1", name)
    assert address.startswith(f"https://{name}:")
    with httpx.Client(base_url=address, verify=trusting, trust_env=False) as client:
        assert client.get("/health").json()["state"] == "running"
    with httpx.Client(trust_env=False) as stranger, pytest.raises(httpx.ConnectError, match="self-signed"):
        stranger.get(f"{address}/health")
    assert any("browsers warn of its own certificate, SHA-256 " in line for line in show.said)
