"""Addresses that streams go to: what FFmpeg gets, and what people read."""

import pytest

from livegraph import InputError
from livegraph_media.target import rtmp_target, rtsp_target, srt_target


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("rtmp://host/live/s3cret", "rtmp://host/live/***"),
        ("rtmp://host:1935/live/s3cret/", "rtmp://host:1935/live/***"),
        ("rtmps://a.b:443/app/instance/s3cret?token=s3cret", "rtmps://a.b:443/app/instance/***"),
        ("RTMP://ada:s3cret@host/live/s3cret", "rtmp://host/live/***"),
        ("rtmp://ada:s3cr@et@host/live/s3cret#s3cret", "rtmp://host/live/***"),
    ],
)
def test_a_key_is_not_told(address: str, name: str) -> None:
    target = rtmp_target(address)
    assert target.name == name
    assert "s3cret" not in repr(target)
    assert target.url.endswith(address)


def test_passwords_are_not_told() -> None:
    assert rtsp_target("rtsp://ada:s3cret@host:8554/studio?token=s3cret").name == "rtsp://host:8554/studio"
    assert srt_target("srt://host:9000?streamid=s3cret&passphrase=s3cret").name == "srt://host:9000"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://host/live/s3cret", r"https://: the address has to begin with rtmp:// or rtmps://"),
        ("s3cret", r"no address: the address has to begin with"),
        ("rtmp:///live/s3cret", r"names no host"),
        ("rtmp://[::1/live/s3cret", r"cannot be read"),
        ("rtmp://ada:s3cret@host/s3cret", r"rtmp://host: an address is rtmp://host/application/key"),
        ("rtmp://host/s3cret/", r"lacks a part"),
        ("rtmp://host", r"lacks a part"),
    ],
)
def test_what_is_no_address_is_refused_without_the_key(address: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        rtmp_target(address)
    assert "s3cret" not in str(caught.value)


def test_what_has_a_meaning_to_ffmpeg_is_escaped() -> None:
    assert rtmp_target(r"rtmp://host/live/a|b'c\d").url.endswith(r"]rtmp://host/live/a\|b\'c\\d")


def test_a_server_of_rtmps_has_to_prove_who_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", __file__)
    assert ":tls_verify=1:ca_file=" in rtmp_target("rtmps://host/live/key").url
    assert "tls" not in rtmp_target("rtmp://host/live/key").url
