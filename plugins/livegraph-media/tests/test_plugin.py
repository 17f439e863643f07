import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from media_support import built

from livegraph import Frame, Node
from livegraph_media import plugin
from livegraph_media.null import Null

LIGHT = """
import sys
import livegraph_media, livegraph_media.plugin
for spec in livegraph_media.plugin.livegraph_nodes():
    __import__(spec.target.split(":")[0])
heavy = {"av", "skimage", "cv2"} & set(sys.modules)
assert not heavy, heavy
"""


def target_of(target: str) -> object:
    module, name = target.split(":")
    return getattr(import_module(module), name)


def test_listing_and_describing_the_nodes_imports_no_media_library() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], check=True, timeout=60)


@pytest.mark.parametrize("spec", plugin.livegraph_nodes(), ids=lambda spec: spec.type)
def test_every_listed_node_is_there(spec) -> None:
    node = target_of(spec.target)
    assert isinstance(node, type)
    assert issubclass(node, Node)
    assert node.__doc__
    assert all(field.description for field in node.Params.model_fields.values())


@pytest.mark.parametrize("spec", plugin.livegraph_converters(), ids=lambda spec: f"{spec.src}-{spec.dst}")
def test_every_listed_converter_is_there(spec) -> None:
    assert callable(target_of(spec.target))


def test_null_counts_what_it_swallows() -> None:
    node = built(Null)
    for index in range(3):
        node.process(input=Frame(index, data=object()))
    assert node.frames == 3
    node.teardown()


def test_what_runs_in_a_graph_imports_pyav_in_one_place_only() -> None:
    """Two threads that import parts of a package in different orders can get half of it."""
    folder = Path(plugin.__file__).parent
    found = {path.name for path in folder.glob("*.py") if re.search(r"^\s*(from|import) av\b", path.read_text(), re.M)}
    assert found == {"ffmpeg.py"}


TOGETHER = """
import importlib, threading
names = ["capture", "recorder", "player", "devices", "encoder", "convert", "shape", "streamer", "segmenter", "hearing"]
failed = []
threading.excepthook = lambda told: failed.append(told.exc_value)
threads = [threading.Thread(target=importlib.import_module, args=(f"livegraph_media.{name}",)) for name in names]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert not failed, failed
"""


def test_nodes_may_be_set_up_at_the_same_time() -> None:
    subprocess.run([sys.executable, "-c", TOGETHER], check=True, timeout=60)
