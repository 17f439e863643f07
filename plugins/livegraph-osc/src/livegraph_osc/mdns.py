"""How others on the network find the ports, by mDNS."""

from __future__ import annotations

from collections.abc import Iterable

import ifaddr
from zeroconf import InterfaceChoice, ServiceInfo, Zeroconf

EVERYWHERE = ("0.0.0.0", "::")


class Announcement:
    """Services that are announced until `close`."""

    def __init__(self, zeroconf: Zeroconf, services: Iterable[ServiceInfo]) -> None:
        self._zeroconf = zeroconf
        for each in services:
            zeroconf.register_service(each, allow_name_change=True)

    def close(self) -> None:
        self._zeroconf.close()


def announce(name: str, host: str, port: int, query_port: int) -> Announcement:
    """`_osc._udp`, and `_oscjson._tcp` where there is an OSCQuery server. Takes a second or two: a name that is taken
    gets a number.
    """
    everywhere = host in EVERYWHERE
    addresses = None if everywhere else [host]
    wanted = [("_osc._udp.local.", port), ("_oscjson._tcp.local.", query_port)]
    services = [
        ServiceInfo(kind, f"{name}.{kind}", at, parsed_addresses=addresses or _own_addresses())
        for kind, at in wanted
        if at
    ]
    return Announcement(Zeroconf(interfaces=InterfaceChoice.All if everywhere else [host]), services)


def _own_addresses() -> list[str]:
    found = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return [each for each in found if not each.startswith("127.")]
