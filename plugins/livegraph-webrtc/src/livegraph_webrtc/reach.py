"""Which of a client's ICE candidates are asked whether they answer. Pure, but for `Reach.of_client`.

A candidate is an address that this machine sends to because somebody wrote it into an offer. So it has to be public, or
the one that the client asks from: nobody has packets sent into a private network that they are not in themselves. Who
is left out is found all the same, for their own checks come to us, with our password in them (RFC 8445, 7.3.1.3).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aioice.ice import get_host_addresses
from aiortc import RTCIceCandidate
from aiortc.sdp import candidate_from_sdp, candidate_to_sdp

MOST_ASKED = 16
"""Of one client, all told. Browsers have some eight."""
LOWEST_PORT = 1024
"""Below are the system's own services, and no client's media."""
_KINDS = ("host", "srflx", "relay")
_TRANSLATED = IPv6Network("64:ff9b::/96")
_LINE = "a=candidate:"
_END = "a=end-of-candidates"


@dataclass(frozen=True, slots=True)
class Reach:
    """`home`: where the client is, in our eyes. `anywhere`: a TURN server sends for us, and has rules of its own."""

    home: Collection[str] = ()
    anywhere: bool = False

    @classmethod
    def of_client(cls, host: str, anywhere: bool = False) -> Reach:
        """By the address that a request came from. A client on this machine may be found at all of its addresses."""
        address = _address(host)
        if address is None:
            return cls((), anywhere)
        own = get_host_addresses(use_ipv4=True, use_ipv6=True) if address.is_loopback else [str(address)]
        return cls(frozenset(str(_address(each)) for each in own), anywhere)

    def asked(self, candidates: Iterable[RTCIceCandidate]) -> list[RTCIceCandidate]:
        """Those that are, in their order."""
        return [found for candidate in candidates if (found := self._found(candidate)) is not None]

    def sift(self, sdp: str) -> str:
        """An offer that parses, with the candidates that are asked. It never says that these are all, for then aioice
        would not wait for those that show themselves.
        """
        kept, room = list[str](), MOST_ASKED
        for line in sdp.splitlines():
            if line.startswith(_LINE):
                found = self.asked([candidate_from_sdp(line.removeprefix(_LINE))][:room])
                room -= len(found)
                kept += [_LINE + candidate_to_sdp(candidate) for candidate in found]
            elif not line.startswith(_END):
                kept.append(line)
        return "\r\n".join([*kept, ""])

    def _found(self, candidate: RTCIceCandidate) -> RTCIceCandidate | None:
        """What is asked for a candidate. A name, behind which browsers hide an address, is looked up nowhere: it stands
        for the address that the client asks from.
        """
        usable = candidate.component == 1 and candidate.protocol.lower() == "udp" and candidate.type in _KINDS
        if not usable or not LOWEST_PORT <= candidate.port <= 0xFFFF:
            return None
        address = _address(candidate.ip)
        if address is None:
            hidden = candidate.ip.lower().endswith(".local") and len(self.home) == 1
            return replace(candidate, ip=next(iter(self.home))) if hidden and not self.anywhere else None
        reached = self.anywhere or str(address) in self.home or _public(address)
        return replace(candidate, ip=str(address)) if reached else None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """None where it is a name. A v4 address in the clothes of a v6 one, as a server for both has it, is undressed."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _public(address: IPv4Address | IPv6Address) -> bool:
    """Not where a v4 address is wrapped in a v6 one, by which a gateway would reach it (RFC 6052, 3056, 4380)."""
    if isinstance(address, IPv6Address) and (address.sixtofour or address.teredo or address in _TRANSLATED):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)
