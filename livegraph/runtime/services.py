"""The services of one run: each made at most once, whoever asks first."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from livegraph.errors import InputError, PluginError
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
        service: Service = resolve(self._registry.service(name).target)(self._run)
        return service
