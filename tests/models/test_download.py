"""One file from a real server that has ranges, or has not, breaks off, lies, redirects and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from models_support import BODY, SHA256, Shop

from livegraph import ModelError, ModelFile
from livegraph.models import address, download
from livegraph.models.download import TRIES, Unreachable
from livegraph.models.record import Entry

HALF = len(BODY) // 2


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "model.bin"


def fetch(
    shop: Shop, target: Path, *, path: str = "/model.bin", sha256: str | None = SHA256, exact: bool = True
) -> Entry:
    url = shop.address(path)
    file = ModelFile("model.bin", len(BODY), url=url, sha256=sha256, exact=exact)
    return download.download(file, url, target, lambda have: None, sha256, pause=0.001)


def left(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir())


def ranges(shop: Shop) -> list[str | None]:
    return [seen.headers.get("Range") for seen in shop.seen]


def test_a_file_comes_whole_with_its_sum(shop: Shop, target: Path) -> None:
    assert fetch(shop, target) == Entry(len(BODY), SHA256, shop.address("/model.bin"))
    assert target.read_bytes() == BODY
    assert left(target) == ["model.bin"]


def test_what_was_told_rises_to_the_size(shop: Shop, target: Path) -> None:
    told: list[int] = []
    file = ModelFile("model.bin", len(BODY), url=shop.address("/model.bin"))
    download.download(file, file.url, target, told.append, None)
    assert told == sorted(told) and told[-1] == len(BODY)


def test_a_broken_connection_is_taken_up_where_it_broke(shop: Shop, target: Path) -> None:
    shop.manners.cuts = [HALF]
    fetch(shop, target)
    assert target.read_bytes() == BODY
    assert ranges(shop) == [None, f"bytes={HALF}-"]
    assert shop.seen[1].headers["If-Range"] == '"v1"'


def test_a_line_that_breaks_often_gets_there_as_long_as_it_makes_progress(shop: Shop, target: Path) -> None:
    shop.files["/model.bin"] = BODY * 4
    file = ModelFile("model.bin", 4 * len(BODY), url=shop.address("/model.bin"))
    shop.manners.cuts = [1_100_000] * (TRIES + 3)
    download.download(file, file.url, target, lambda have: None, None, pause=0.001)
    assert target.read_bytes() == BODY * 4


def test_a_line_without_progress_is_given_up_and_the_part_is_kept(shop: Shop, target: Path) -> None:
    shop.manners.cuts = [1_500_000] + [10] * TRIES
    with pytest.raises(
        ModelError, match=f"the connection ended after .* Tried {TRIES} times; what came so far is kept"
    ):
        fetch(shop, target)
    assert left(target) == ["model.bin.part", "model.bin.part.json"]
    shop.manners.cuts = []
    fetch(shop, target)
    assert target.read_bytes() == BODY
    assert ranges(shop)[-1] == f"bytes={1_500_000 + 10 * (TRIES - 1)}-"


def test_a_second_process_takes_up_what_a_first_one_left(shop: Shop, target: Path) -> None:
    def interrupt(have: int) -> None:
        if have > HALF:
            raise KeyboardInterrupt

    file = ModelFile("model.bin", len(BODY), url=shop.address("/model.bin"))
    with pytest.raises(KeyboardInterrupt):
        download.download(file, file.url, target, interrupt, None)
    have = (target.parent / "model.bin.part").stat().st_size
    assert HALF < have < len(BODY)
    fetch(shop, target, sha256=None)
    assert target.read_bytes() == BODY
    assert ranges(shop) == [None, f"bytes={have}-"]


def test_a_file_that_changed_meanwhile_is_begun_anew(shop: Shop, target: Path) -> None:
    shop.manners.cuts = [HALF] + [0] * (TRIES - 1)
    with pytest.raises(ModelError):
        fetch(shop, target, sha256=None)
    shop.manners.cuts, shop.manners.tag = [], '"v2"'
    shop.files["/model.bin"] = BODY[::-1]
    fetch(shop, target, sha256=None)
    assert target.read_bytes() == BODY[::-1]


def test_a_date_serves_where_there_is_no_strong_tag(shop: Shop, target: Path) -> None:
    shop.manners.tag, shop.manners.modified = 'W/"weak"', "Fri, 01 Aug 2025 10:00:00 GMT"
    shop.manners.cuts = [HALF]
    fetch(shop, target, sha256=None)
    assert shop.seen[1].headers["If-Range"] == "Fri, 01 Aug 2025 10:00:00 GMT"
    assert target.read_bytes() == BODY


def test_without_tag_date_and_sum_nothing_is_taken_up(shop: Shop, target: Path) -> None:
    shop.manners.tag = ""
    shop.manners.cuts = [HALF]
    fetch(shop, target, sha256=None)
    assert ranges(shop) == [None, None]
    assert target.read_bytes() == BODY


def test_without_tag_but_with_a_sum_it_is_taken_up(shop: Shop, target: Path) -> None:
    shop.manners.tag = ""
    shop.manners.cuts = [HALF]
    fetch(shop, target)
    assert ranges(shop) == [None, f"bytes={HALF}-"]
    assert target.read_bytes() == BODY


def test_a_server_without_ranges_is_begun_anew(shop: Shop, target: Path) -> None:
    shop.manners.ranges = False
    shop.manners.cuts = [HALF]
    fetch(shop, target)
    assert target.read_bytes() == BODY


def test_a_part_of_something_else_is_thrown_away(shop: Shop, target: Path) -> None:
    shop.manners.tag = ""
    target.parent.mkdir()
    (target.parent / "model.bin.part").write_bytes(b"x" * HALF)
    fetch(shop, target)
    assert target.read_bytes() == BODY
    assert ranges(shop) == [f"bytes={HALF}-", None]


@pytest.mark.parametrize("size", [len(BODY), len(BODY) + 1])
def test_a_part_that_is_long_enough_but_wrong_is_thrown_away(shop: Shop, target: Path, size: int) -> None:
    target.parent.mkdir()
    (target.parent / "model.bin.part").write_bytes(b"x" * size)
    fetch(shop, target)
    assert target.read_bytes() == BODY


def test_a_part_that_is_whole_already_only_takes_its_place(shop: Shop, target: Path) -> None:
    target.parent.mkdir()
    (target.parent / "model.bin.part").write_bytes(BODY)
    fetch(shop, target)
    assert shop.seen == []
    assert target.read_bytes() == BODY


def test_a_whole_part_of_a_rounded_size_is_recognised_by_the_server(shop: Shop, target: Path) -> None:
    target.parent.mkdir()
    (target.parent / "model.bin.part").write_bytes(BODY)
    about = {"url": shop.address("/model.bin"), "validator": '"v1"'}
    (target.parent / "model.bin.part.json").write_text(json.dumps(about))
    fetch(shop, target, sha256=None, exact=False)
    assert ranges(shop) == [f"bytes={len(BODY)}-"]
    assert target.read_bytes() == BODY


def test_a_rounded_size_takes_what_the_server_announces(shop: Shop, target: Path) -> None:
    shop.files["/model.bin"] = BODY + b"!"
    assert fetch(shop, target, sha256=None, exact=False).size == len(BODY) + 1


def test_a_wrong_sum_leaves_nothing(shop: Shop, target: Path) -> None:
    shop.files["/model.bin"] = BODY[:-1] + b"!"
    with pytest.raises(ModelError, match=f"its sha256 is [0-9a-f]{{64}}, not {SHA256}"):
        fetch(shop, target)
    assert left(target) == []
    assert len(shop.seen) == 1


def test_another_size_is_refused_before_it_comes(shop: Shop, target: Path) -> None:
    shop.files["/model.bin"] = BODY + b"!"
    with pytest.raises(ModelError, match=f"has {len(BODY) + 1} bytes, not {len(BODY)}"):
        fetch(shop, target)
    assert left(target) == []


def test_a_size_that_nobody_announced_is_checked_at_the_end(shop: Shop, target: Path) -> None:
    shop.manners.chunked = True
    shop.manners.cuts = [HALF]
    fetch(shop, target)
    assert target.read_bytes() == BODY


def test_what_is_not_there_is_said_at_once(shop: Shop, target: Path) -> None:
    with pytest.raises(ModelError, match=r"/nothing: 404 Not Found"):
        fetch(shop, target, path="/nothing")
    assert len(shop.seen) == 1
    assert left(target) == []


@pytest.mark.parametrize("status", [401, 403])
def test_what_wants_a_login_says_how(shop: Shop, target: Path, status: int) -> None:
    shop.manners.answers = [(status, {})]
    with pytest.raises(ModelError, match=rf"{status} .*HF_TOKEN"):
        fetch(shop, target)
    assert len(shop.seen) == 1


def test_a_server_that_is_busy_is_asked_again(shop: Shop, target: Path) -> None:
    shop.manners.answers = [(503, {}), (429, {"Retry-After": "0"}), (500, {"Retry-After": "tomorrow"})]
    fetch(shop, target)
    assert len(shop.seen) == 4


def test_retry_after_is_waited_for(shop: Shop, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(download.time, "sleep", waits.append)
    shop.manners.answers = [(429, {"Retry-After": "7"}), (503, {"Retry-After": "86400"})]
    fetch(shop, target)
    assert [wait for wait in waits if wait] == [7.0, download.LONGEST_WAIT_S]  # the server's own naps are 0


def test_a_server_that_stays_broken_is_given_up(shop: Shop, target: Path) -> None:
    shop.manners.answers = [(502, {})] * 20
    with pytest.raises(ModelError, match=r"502 Bad Gateway. Tried 5 times"):
        fetch(shop, target)
    assert len(shop.seen) == TRIES


def test_silence_in_the_middle_is_taken_up(shop: Shop, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address, "TIMEOUT_S", 0.2)
    shop.manners.stalls = [1.0]
    fetch(shop, target)
    assert target.read_bytes() == BODY
    assert len(shop.seen) == 2 and ranges(shop)[1] is not None


def test_nobody_there_is_unreachable(target: Path) -> None:
    with Shop({}) as gone:
        pass
    with pytest.raises(Unreachable, match="Connection refused"):
        fetch(gone, target)
    assert left(target) == []


def test_a_redirect_is_followed_and_taken_up_at_its_end(shop: Shop, other_shop: Shop, target: Path) -> None:
    shop.manners.redirects["/here"] = other_shop.address("/model.bin")
    other_shop.manners.cuts = [HALF]
    fetch(shop, target, path="/here")
    assert target.read_bytes() == BODY
    assert ranges(other_shop) == [None, f"bytes={HALF}-"]
