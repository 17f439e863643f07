"""Programs of others: liblo's, and mDNS on the loopback interface."""

from __future__ import annotations

import shutil
import subprocess
from functools import partial

import pytest
from osc_support import a_show, free_port, until
from zeroconf import Zeroconf

from livegraph_osc.mdns import announce

pytestmark = pytest.mark.servers


@pytest.mark.skipif(shutil.which("oscsend") is None, reason="apt-get install liblo-tools")
def test_liblo_sends_and_is_told() -> None:
    port = free_port()
    with a_show(feedback=[f"127.0.0.1:{port}"]) as show:
        dump = subprocess.Popen(["oscdump", "-L", str(port)], stdout=subprocess.PIPE, text=True)
        try:
            send = ["oscsend", "127.0.0.1", str(show.port)]
            subprocess.run([*send, "/livegraph/control/level/norm", "f", "0.5"], check=True)
            subprocess.run([*send, "/livegraph/a/shape", "s", "saw"], check=True)
            show.becomes("a.level", 0.25)
            show.becomes("a.shape", "saw")
            show.run.ask(lambda: show.run.bus.set({"b.value": 7}, origin="web")).result(10)
            assert dump.stdout is not None
            while "/livegraph/b/value i 7" not in (line := dump.stdout.readline()):
                assert line, "oscdump has ended"
        finally:
            dump.terminate()
            dump.communicate()


def test_it_is_found_by_mdns() -> None:
    found = Zeroconf(interfaces=["127.0.0.1"])
    told = announce("studio", "127.0.0.1", 9_123, 9_124)
    try:
        for kind, port in (("_osc._udp.local.", 9_123), ("_oscjson._tcp.local.", 9_124)):
            until(partial(found.get_service_info, kind, f"studio.{kind}"))
            info = found.get_service_info(kind, f"studio.{kind}")
            assert info is not None and info.port == port and info.parsed_addresses() == ["127.0.0.1"]
    finally:
        told.close()
        found.close()
