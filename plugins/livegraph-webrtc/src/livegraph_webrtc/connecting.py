"""What both ends have in common: the parameters of a connection, and how it is served."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from livegraph import Node, Param

if TYPE_CHECKING:
    from livegraph_server import Server
    from livegraph_webrtc.endpoint import Endpoint
    from livegraph_webrtc.ice import Ice, Provider
    from livegraph_webrtc.routes import Kind


class Connecting(Node):
    """A node that others connect to. Credentials for TURN come from the environment, see `livegraph_webrtc.ice`."""

    stun: str = Param("", remote=False, doc="stun:host:port, to be found from outside a home network; empty: none")
    turn: str = Param("", remote=False, doc="turn:host:port, turns:host:port, cloudflare or twilio; empty: none")
    relay_only: bool = Param(False, remote=False, doc="use nothing but the TURN server, so that no address is told")

    _remove: Callable[[], None] | None = None
    _withdraw: Callable[[], None] | None = None

    def _ice(self) -> Ice:
        """`InputError` where an address or its credentials are missing."""
        from livegraph import InputError
        from livegraph_webrtc.ice import Ice, check_address

        if self.stun:
            check_address("stun", self.stun, ("stun",))
        if self.relay_only and not self.turn:
            raise InputError("relay_only: there is no TURN server; set `turn`")
        return Ice(self.stun, self._turn(), self.relay_only)

    def _turn(self) -> Provider | None:
        from livegraph_webrtc.ice import check_address, own_turn
        from livegraph_webrtc.vendors import ask, vendor_turn

        if not self.turn:
            return None
        if self.turn in ("cloudflare", "twilio"):
            return vendor_turn(self.turn, os.environ, ask)
        check_address("turn", self.turn, ("turn", "turns"))
        return own_turn(self.turn, os.environ, time.time)

    def _serve(self, web: Server, kind: Kind, endpoint: Endpoint) -> None:
        """Answer at `/{kind}/{node}`, and list it on the page."""
        from livegraph_server import Input, Output

        name = self.ctx.node_id
        path = f"/{kind}/{name}"
        self._remove = self.ctx.service("webrtc").place(web, kind, name, endpoint)
        self._withdraw = web.offer(Input(name, "whip", path) if kind == "whip" else Output(name, "whep", path))

    def teardown(self) -> None:
        """End all connections, at the same time."""
        for end in (self._withdraw, self._remove):
            if end is not None:
                end()
