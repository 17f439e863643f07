"""What the plugin tells livegraph, and what it must not import to do so."""

import subprocess
import sys

from livegraph_wan import plugin


def test_listing_imports_no_torch() -> None:
    code = (
        "import sys, livegraph_wan.nodes.v2v, livegraph_wan.plugin as plugin\n"
        "plugin.livegraph_nodes(), plugin.livegraph_models(), plugin.livegraph_checkpoints()\n"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_backends_have_probes_that_say_why() -> None:
    from importlib import import_module

    specs = {spec.name: spec for spec in plugin.livegraph_backends()}
    assert specs["torch-cuda"].priority > specs["torch-mps"].priority > specs["torch-cpu"].priority
    for spec in specs.values():
        module, _, name = spec.probe.partition(":")
        try:
            reason = getattr(import_module(module), name)()
        except RuntimeError as error:
            reason = str(error)
        assert reason
