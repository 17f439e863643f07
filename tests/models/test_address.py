"""Where files come from, and that the token goes to the hub and to nobody else."""

from __future__ import annotations

from email.message import Message
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request

import pytest
from models_support import BODY, Shop

from livegraph import ModelError, ModelFile
from livegraph.models import address
from livegraph.models.address import open_url, url_of

FILE = ModelFile("model.pt", 1, repo="someone/Model", revision="refs/pr/1", source="deep/model one.pt")


def authorisation(shop: Shop) -> list[str | None]:
    return [seen.headers.get("Authorization") for seen in shop.seen]


def get(url: str) -> bytes:
    with open_url(url, {}) as response:
        return response.read()


def test_the_address_at_hugging_face() -> None:
    assert url_of(FILE) == "https://huggingface.co/someone/Model/resolve/refs%2Fpr%2F1/deep/model%20one.pt"


def test_the_address_at_a_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/hub/")
    assert url_of(FILE).startswith("https://mirror.example/hub/someone/Model/resolve/")


def test_a_mirror_without_a_scheme_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "mirror.example")
    with pytest.raises(ModelError, match=r"HF_ENDPOINT is 'mirror.example'"):
        url_of(FILE)


def test_the_token_opens_the_hub(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", shop.address())
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    shop.manners.token = "hf_secret"
    assert get(shop.address("/model.bin")) == BODY


def test_the_token_does_not_follow_a_redirect_to_another_host(
    shop: Shop, other_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", shop.address())
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    shop.manners.redirects = {"/old": "/new", "/new": other_shop.address("/model.bin")}
    assert get(shop.address("/old")) == BODY
    assert authorisation(shop) == ["Bearer hf_secret"] * 2
    assert authorisation(other_shop) == [None]


def test_the_token_is_not_for_other_hosts(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    get(shop.address("/model.bin"))
    assert authorisation(shop) == [None]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://huggingface.co/model.bin", True),
        ("https://huggingface.co:443/model.bin", True),
        ("https://huggingface.co:8443/model.bin", False),
        ("https://huggingface.co.evil.example/model.bin", False),
        ("https://huggingface.co@evil.example/model.bin", False),
        ("http://huggingface.co/model.bin", False),
    ],
)
def test_the_token_is_for_one_origin(url: str, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    request = Request(url)
    address._authorise(request)
    assert request.has_header("Authorization") is told


def test_the_token_is_not_sent_in_the_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror.example")
    request = Request("http://mirror.example/model.bin")
    address._authorise(request)
    assert not request.has_header("Authorization")


def test_a_redirect_out_of_https_is_refused() -> None:
    handler, request = address._Redirects(), Request("https://example.com/model.bin")
    with pytest.raises(HTTPError, match="not encrypted"):
        handler.redirect_request(request, None, 302, "Found", Message(), "http://example.com/model.bin")  # type: ignore[arg-type]


def test_only_http_is_spoken(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    with pytest.raises(OSError, match="only http: and https:"):
        open_url((tmp_path / "secret").as_uri(), {})


def test_a_redirect_to_a_file_is_refused(shop: Shop) -> None:
    shop.manners.redirects = {"/here": "file:///etc/hostname"}
    with pytest.raises(HTTPError):
        get(shop.address("/here"))


def test_the_way_out_leads_by_the_proxy(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", shop.address())
    wanted = "http://models.example/model.bin"
    shop.files[wanted] = b"by proxy"  # a proxy is asked with the whole address
    assert get(wanted) == b"by proxy"
    assert shop.seen[0].headers["Host"] == "models.example"
