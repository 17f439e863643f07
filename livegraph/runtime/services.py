"""The services of one run: each made at most once, whoever asks first."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from livegraph.controller import Controller, ControllerPlan
from livegraph.errors import InputError, PluginError
from livegraph.params import explain
from livegraph.registry import Registry, resolve
from livegraph.service import Service

if TYPE_CHECKING:
    from livegraph.runtime.run import Run

log = logging.getLogger("livegraph")


class Services:
    """Made on the thread of whoever asks, closed in the reverse order."""

    def __init__(self, run: Run, registry: Registry | None) -> None:
        self._run, self._registry = run, registry
        self._lock = threading.Lock()
        self._made: dict[str, Service] = {}
        self._closed = False
        self._last_words: dict[str, Mapping[str, Any]] = {}

    def get(self, name: str) -> Service:
        """A service by name, from any thread but the loop's: making one may take a second. One that could not be made
        is tried again by who asks next. `PluginError` where no plugin brings it.
        """
        with self._lock:
            if self._closed:
                raise InputError(f"no service {name!r}: the run has ended")
            if name not in self._made:
                self._made[name] = self._make(name)
            return self._made[name]

    def close(self) -> None:
        """Close all; one that fails keeps no other from being closed."""
        self._last_words = self.status()
        with self._lock:
            self._closed = True
            made, self._made = self._made, {}
        for name, service in reversed(made.items()):
            try:
                service.close()
            except Exception:  # the plugin's own code, and the run is over
                log.exception("service %s could not be closed", name)

    def _make(self, name: str) -> Service:
        if self._registry is None:
            raise PluginError(f"no service {name!r}: this run has no plugins")
        planned = next((each for each in self._run.plan.controllers if each.name == name), None)
        if planned is None and name not in self._registry.controllers():
            service: Service = resolve(self._registry.service(name).target)(self._run)
            return service
        return self._controller(planned or self._by_default(name))

    def _controller(self, plan: ControllerPlan) -> Controller:
        controller = plan.cls(plan.params, self._run)
        try:
            controller.start()
        except BaseException:
            controller.close()
            raise
        return controller

    def _by_default(self, name: str) -> ControllerPlan:
        """One that a node asks for and the graph does not name. `InputError` where it cannot do without parameters."""
        assert self._registry is not None
        cls = self._registry.controller(name)
        try:
            return ControllerPlan(name, cls, cls.Params())
        except ValidationError as error:
            raise InputError(f"controller {name}: {explain(error)}; name it under controllers: in the graph") from None

    def status(self) -> dict[str, Mapping[str, Any]]:
        """What the control surfaces say of themselves; once they are closed, what they said last."""
        if self._closed:
            return self._last_words
        made = self._made.copy()  # without the lock: who holds it may be making a server, for a second
        return {name: each.status() for name, each in made.items() if isinstance(each, Controller)}
