"""How many answers a host gets. A source address can be forged, and one question may have hundreds of answers."""

from __future__ import annotations

from collections import OrderedDict

from livegraph_osc.refused import Refused

PER_S, BURST = 1_000.0, 4_000.0
MOST_KNOWN = 1_024


class Replies:
    """For each host a bucket that fills with time and is emptied by answers. On the controller's thread."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, count: int, now_s: float) -> None:
        """`client`: `host:port`; the ports of a host share, for they are as easily forged. `Refused` where less is left
        than a question needs; a full bucket answers any, and is then in debt.
        """
        host = client.rpartition(":")[0]
        left, looked_s = self._left.pop(host, (BURST, now_s))
        left = min(left + (now_s - looked_s) * PER_S, BURST)
        enough = left >= min(count, BURST)
        self._left[host] = (left - count if enough else left), now_s
        if len(self._left) > MOST_KNOWN:
            self._left.popitem(last=False)
        if not enough:
            raise Refused("replies", f"more than {PER_S:.0f} answers a second to {host}")
