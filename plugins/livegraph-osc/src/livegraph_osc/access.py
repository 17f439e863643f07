"""From which networks packets are taken: OSC has no credentials."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from livegraph import InputError

MOST_KNOWN = 1_024


class Networks:
    """`allow`: in CIDR notation. Loopback may always. `InputError` for what is no network, or where `host` lets others
    in and nobody said who.
    """

    def __init__(self, host: str, allow: Sequence[str]) -> None:
        self.loopback = _address(host).is_loopback
        try:
            self._allowed: list[IPv4Network | IPv6Network] = [ip_network(each, strict=False) for each in allow]
        except ValueError as error:
            raise InputError(f"osc: allow: {error}; write networks such as 192.168.1.0/24") from None
        if not self.loopback and not allow:
            raise InputError(
                f"osc: OSC has no passwords, so off loopback (host: {host}) it needs the networks that may send: "
                "allow: [192.168.1.0/24]"
            )
        self._known: dict[str, bool] = {}

    def may(self, host: str) -> bool:
        """Whether a source address (numeric) may send."""
        known = self._known.get(host)
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[host] = self._may(host)
        return known

    def _may(self, host: str) -> bool:
        ip = ip_address(host.partition("%")[0])
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        return ip.is_loopback or any(ip in each for each in self._allowed)


def _address(host: str) -> IPv4Address | IPv6Address:
    try:
        return ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise InputError(
            f"osc: host: {host!r} is no address; write 127.0.0.1, 0.0.0.0 or one of this machine"
        ) from None


def destination(text: str) -> tuple[str, int]:
    """`host:port` with a numeric host."""
    host, _, port = text.rpartition(":")
    try:
        return str(ip_address(host.strip("[]"))), int(port)
    except ValueError:
        raise InputError(f"osc: feedback: {text!r} is not an address and a port, such as 192.168.1.7:9001") from None
