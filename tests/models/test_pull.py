"""Whole models: what is missing, room, no network, two at once, Ctrl-C; and the look that nodes take."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from models_support import BODY, SHA256, Shop

from livegraph import InputError, ModelError, ModelFile, ModelSpec, find_model, require_model
from livegraph.models import download
from livegraph.models.library import known_model, look_at, with_needs
from livegraph.models.place import data_dir, models_dir, readable
from livegraph.models.pull import plan, pull
from livegraph.models.report import Reporter
from livegraph.models.verify import verify

OTHER = "0" * 64


class Usage(NamedTuple):
    total: int
    used: int
    free: int


def verdicts(spec: ModelSpec) -> list[str]:
    return [checked.verdict for checked in verify(spec, Reporter())]


def test_a_model_that_is_not_here_says_how_to_get_it(offer: Any, models_dir: Path) -> None:
    offer()
    assert find_model("small") is None
    with pytest.raises(ModelError) as raised:
        require_model("small")
    message = str(raised.value)
    assert "livegraph models pull small" in message
    assert "model.bin (missing)" in message and str(models_dir / "small") in message


def test_a_node_is_not_tried_again_for_a_model_that_is_not_here() -> None:
    assert issubclass(ModelError, InputError)


def test_a_name_that_nobody_lists_offers_the_nearest(offer: Any) -> None:
    offer()
    with pytest.raises(ModelError, match=r"no model 'smal'. Did you mean small\?"):
        find_model("smal")


def test_pull_and_find(offer: Any, models_dir: Path) -> None:
    offer()
    pull(plan(["small"]), Reporter())
    assert find_model("small") == require_model("small") == models_dir / "small"
    assert plan(["small"]) == []


def test_a_later_plugin_cannot_take_a_name_over(offer: Any) -> None:
    with Shop({}) as evil:
        first = offer()
        offer("small", url=evil.address("/model.bin"))
        assert known_model("small") is first


def test_needed_models_come_first_and_once(offer: Any) -> None:
    offer("vae")
    offer("encoder", needs=("vae",))
    offer("small", needs=("encoder", "vae"))
    assert [spec.name for spec in with_needs(["small", "vae"])] == ["vae", "encoder", "small"]
    assert [errand.spec.name for errand in plan(["small"])] == ["vae", "encoder", "small"]


def test_a_file_put_there_by_hand_is_taken(offer: Any, models_dir: Path, shop: Shop) -> None:
    spec = offer(sha256=SHA256)
    (models_dir / "small").mkdir(parents=True)
    (models_dir / "small" / "model.bin").write_bytes(BODY)
    assert find_model("small") is not None
    assert verdicts(spec) == ["ok"]
    assert shop.seen == []


def test_a_file_of_a_wrong_size_is_fetched_anew(offer: Any, models_dir: Path) -> None:
    spec = offer()
    (models_dir / "small").mkdir(parents=True)
    (models_dir / "small" / "model.bin").write_bytes(BODY[:-1])
    assert find_model("small") is None
    assert verdicts(spec) == ["wrong size"]
    pull(plan(["small"]), Reporter())
    assert verdicts(spec) == ["ok"]


def test_the_first_sum_is_trusted_and_then_kept_to(offer: Any, models_dir: Path, shop: Shop) -> None:
    spec = offer()
    pull(plan(["small"]), Reporter())
    (models_dir / "small" / "model.bin").unlink()
    shop.files["/model.bin"] = BODY[::-1]
    with pytest.raises(ModelError, match=f"not {SHA256}"):
        pull(plan(["small"]), Reporter())
    assert verdicts(spec) == ["missing"]


def test_verify_finds_a_changed_byte(offer: Any, models_dir: Path) -> None:
    spec = offer()
    pull(plan(["small"]), Reporter())
    with (models_dir / "small" / "model.bin").open("r+b") as file:
        file.write(b"!")
    (checked,) = verify(spec, Reporter())
    assert (checked.verdict, checked.expected, checked.good) == ("changed", SHA256, False)


def test_a_published_sum_counts_for_more_than_a_recorded_one(offer: Any, models_dir: Path) -> None:
    spec = offer(sha256=OTHER)
    folder = models_dir / "small"
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(BODY)
    record = {"files": {"model.bin": {"size": len(BODY), "sha256": SHA256, "url": ""}}}
    (folder / ".livegraph.json").write_text(json.dumps(record))
    assert verdicts(spec) == ["changed"]


def test_verify_records_the_sum_of_what_came_by_hand(offer: Any, models_dir: Path) -> None:
    spec = offer()
    (models_dir / "small").mkdir(parents=True)
    (models_dir / "small" / "model.bin").write_bytes(BODY)
    assert verdicts(spec) == ["recorded"]
    (models_dir / "small" / "model.bin").write_bytes(BODY[::-1])
    assert verdicts(spec) == ["changed"]


def test_a_damaged_record_says_what_to_do(offer: Any, models_dir: Path) -> None:
    offer()
    (models_dir / "small").mkdir(parents=True)
    (models_dir / "small" / ".livegraph.json").write_text("{")
    with pytest.raises(ModelError, match=r"is damaged .* Delete it"):
        find_model("small")


def test_offline_says_what_to_put_where(offer: Any, monkeypatch: pytest.MonkeyPatch, shop: Shop) -> None:
    spec = offer()
    monkeypatch.setenv("LIVEGRAPH_OFFLINE", "1")
    with pytest.raises(ModelError) as raised:
        pull(plan(["small"]), Reporter())
    assert "LIVEGRAPH_OFFLINE is set" in str(raised.value)
    assert f"{shop.address('/model.bin')}\n    -> {look_at(spec)[0].path}" in str(raised.value)
    assert shop.seen == []


def test_offline_is_no_matter_where_all_is_here(offer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    offer()
    pull(plan(["small"]), Reporter())
    monkeypatch.setenv("LIVEGRAPH_OFFLINE", "1")
    pull(plan(["small"]), Reporter())


def test_without_a_network_it_says_what_to_put_where(offer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)
    with Shop({}) as gone:
        pass
    spec = offer(url=gone.address("/model.bin"))
    with pytest.raises(ModelError) as raised:
        pull(plan(["small"]), Reporter())
    assert "Connection refused" in str(raised.value)
    assert f"-> {look_at(spec)[0].path}" in str(raised.value)


def test_a_full_disk_is_seen_before_the_first_byte(offer: Any, monkeypatch: pytest.MonkeyPatch, shop: Shop) -> None:
    offer()
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10, 10, len(BODY) - 1))
    with pytest.raises(ModelError, match=r"are to come, and .* has 3.07 MB left.*LIVEGRAPH_MODELS_DIR"):
        pull(plan(["small"]), Reporter())
    assert shop.seen == []


def test_only_what_is_missing_needs_room(offer: Any, models_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offer(sha256=SHA256)
    (models_dir / "small").mkdir(parents=True)
    (models_dir / "small" / "model.bin.part").write_bytes(BODY[:-100])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10, 10, 100))
    pull(plan(["small"]), Reporter())
    assert find_model("small") is not None


PULL = """
import sys
from livegraph import Licence, ModelFile, ModelSpec, hookimpl
from livegraph.models.pull import plan, pull
from livegraph.models.report import Reporter
from livegraph.registry import registry

class Plugin:
    livegraph_api = "1"
    @hookimpl
    def livegraph_models(self):
        file = ModelFile("model.bin", int(sys.argv[2]), url=sys.argv[1])
        return [ModelSpec("small", "a small one", Licence("MIT", "https://mit.example", True), "", (file,))]

class Told(Reporter):
    def say(self, text): print(text, flush=True)
    def begin(self, model, look): print("begins", flush=True)

registry().add(Plugin(), "offers")
errands = plan(["small"])
print("ready", flush=True)
sys.stdin.readline()
pull(errands, Told())
print("done", flush=True)
"""


def puller(shop: Shop) -> subprocess.Popen[str]:
    """A process that pulls once it is told to; it knows already what is missing."""
    command = [sys.executable, "-c", PULL, shop.address("/model.bin"), str(len(BODY))]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def start(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_two_processes_fetch_a_file_once(shop: Shop, models_dir: Path) -> None:
    shop.manners.pause_s = 0.02
    first, second = puller(shop), puller(shop)
    start(first)
    assert first.stdout is not None and first.stdout.readline() == "begins\n"
    start(second)
    assert first.communicate(timeout=60)[0] == "done\n"
    assert second.communicate(timeout=60)[0] == "small: another process is fetching it; waiting\ndone\n"
    assert len(shop.seen) == 1
    assert (models_dir / "small" / "model.bin").read_bytes() == BODY


def test_ctrl_c_leaves_a_part_that_the_next_pull_takes_up(shop: Shop, offer: Any, models_dir: Path) -> None:
    shop.manners.pause_s = 0.05
    process = puller(shop)
    start(process)
    part = models_dir / "small" / "model.bin.part"
    deadline = time.monotonic() + 30
    while not (part.exists() and part.stat().st_size > 200_000):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=60)[1]
    have = part.stat().st_size
    assert 200_000 < have < len(BODY)
    shop.manners.pause_s = 0.0
    spec = offer()
    assert [look.state for look in look_at(spec)] == ["partial"]
    pull(plan(["small"]), Reporter())
    assert shop.seen[-1].headers["Range"] == f"bytes={have}-"
    assert (models_dir / "small" / "model.bin").read_bytes() == BODY


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path": "../evil"}, "no path in a model's folder"),
        ({"path": "/etc/passwd"}, "no path in a model's folder"),
        ({"path": "a\\b"}, "no path in a model's folder"),
        ({"path": "C:evil"}, "no path in a model's folder"),
        ({"path": ".livegraph.json"}, "livegraph's own"),
        ({"repo": "a/b"}, "either a url, or a repo"),
        ({"url": ""}, "either a url, or a repo"),
        ({"url": "file:///etc/passwd"}, "no address for http"),
        ({"sha256": "abc"}, "64 digits"),
        ({"size": 0}, "a size in bytes"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelFile(**({"path": "model.bin", "size": 1, "url": "https://example.com/model.bin"} | changes))


def test_the_folder_is_where_the_system_keeps_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LIVEGRAPH_MODELS_DIR")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    monkeypatch.setattr(sys, "platform", "linux")
    assert models_dir() == tmp_path / ".local/share/livegraph/models"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    assert models_dir() == tmp_path / "xdg/livegraph/models"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert data_dir() == tmp_path / "Library/Application Support"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    assert data_dir() == tmp_path / "Local"


def test_sizes_are_readable() -> None:
    sizes = [12, 1234, 22_678_901, 5_676_282_858, 28_577_332_702, 1_234_000_000_000]
    assert [readable(size) for size in sizes] == ["12 bytes", "1.23 kB", "22.7 MB", "5.68 GB", "28.6 GB", "1.23 TB"]
