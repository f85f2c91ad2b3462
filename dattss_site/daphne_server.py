"""Daphne as the site runs it.

Daphne keeps each request, and all that belongs to it, until it looks for ended ones, once a second. At some thousand
commits a second those are a hundred thousand objects: Python's search for cycles goes through them again and again, and
the processor's caches hold them instead of what is needed (`docs/performance.md`).
"""

# Daphne installs Twisted's asyncio reactor when it is imported, which must come before anything else of Twisted.
from daphne.server import Server  # isort: skip

import asyncio
from collections.abc import Coroutine, Mapping
from functools import partial
from typing import Any

from daphne.http_protocol import WebRequest
from django.conf import settings
from twisted.internet import error

from dattss_site import incoming
from stats.asked import Lane


class DaphneServer(Server):  # type: ignore[misc]  # Daphne has no types
    """Daphne that says why it cannot listen, instead of only logging it, and forgets a request once it is answered."""

    failure = ""

    def __init__(self, *args: Any, lanes: Mapping[bytes, Lane] | None = None, **options: Any) -> None:
        """`lanes`: what answers requests to these paths, without the application."""
        super().__init__(*args, **options)
        self.lanes = lanes or {}

    def answered_by(self, request: WebRequest, work: Coroutine[Any, Any, None]) -> None:
        """`work` answers the request, and ends with it, as an application would."""
        application = asyncio.ensure_future(work)
        self.connections[request]["application_instance"] = application
        application.add_done_callback(partial(self._ended, request))

    def forget(self, request: WebRequest) -> None:
        """The request is answered."""
        self.connections.pop(request, None)

    def create_application(self, protocol: object, scope: dict[str, Any]) -> "asyncio.Queue[Any] | None":
        queue: asyncio.Queue[Any] | None = super().create_application(protocol, scope)
        if queue is not None and isinstance(protocol, WebRequest):
            self.connections[protocol]["application_instance"].add_done_callback(partial(self._ended, protocol))
        return queue

    def _ended(self, protocol: WebRequest, application: "asyncio.Task[None]") -> None:
        """What did not end well, or before its connection, is left to Daphne's look."""
        if application.cancelled() or application.exception() is not None:
            return
        if "disconnected" in self.connections.get(protocol, ()):
            del self.connections[protocol]

    def listen_success(self, port: object) -> None:
        super().listen_success(port)
        # Twisted would write a line of an access log for each request, to a log that Daphne sends nowhere.
        self.http_factory.log = _unlogged
        incoming.use_in(self.http_factory)

    def listen_error(self, failure: object) -> None:
        value = getattr(failure, "value", failure)
        reason = value.socketError.strerror if isinstance(value, error.CannotListenError) else str(value)
        self.failure = f"Port {settings.PORT} on {settings.HOST} cannot be opened: {reason}. Set PORT to another one."
        self.stop()


def _unlogged(request: object) -> None:
    """Instead of an access log."""
