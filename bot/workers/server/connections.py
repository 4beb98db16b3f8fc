"""A connection to the embedded server that an idle caller cannot hold open.

Uvicorn limits the wait between two requests and nothing else: a client that sends half a head, half
a body or headers without end, or does not read the answer, keeps its connection forever. Here each
of these has a time or a size limit. When there are too many connections, those that have not sent a
whole request go first.
"""

import asyncio
from collections import OrderedDict
from enum import Enum
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

MAX_HEAD_S = 10.0
"""From the first byte, or the connection, to the end of the headers."""
MAX_BODY_S = 60.0
"""From the end of the headers to the end of the body, which is at most 20 MB."""
MAX_SENDING_S = 60.0
"""How long an answer may wait for the client to read it."""
MAX_HEAD_BYTES = 64 * 1024
MAX_CONNECTIONS = 512


class Awaited(Enum):
    """What the client should send next."""

    HEAD = "head"
    BODY = "body"
    REQUEST = "request"
    """Between two requests; uvicorn closes such a connection after its keep-alive time."""


class ConnectionState(ServerState):
    """What one server's connections share, including which of them are waiting for their client."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: dict[Awaited, OrderedDict[BoundedProtocol, None]] = {
            awaited: OrderedDict() for awaited in Awaited
        }
        """Longest wait first, so that finding the next to drop does not depend on their number. An
        `OrderedDict`, since a `dict` searches for its first key past all that were deleted."""

    def next_to_drop(self) -> "BoundedProtocol | None":
        """The connection whose time runs out first; an idle one only if no request is half sent."""
        first = [next(iter(queue)) for queue in self.waiting.values() if queue]
        return min(first, key=lambda connection: connection.due, default=None)


class BoundedProtocol(HttpToolsProtocol):
    """Uvicorn's protocol with limits of time and size."""

    max_head_s = MAX_HEAD_S
    max_body_s = MAX_BODY_S
    max_sending_s = MAX_SENDING_S
    max_connections = MAX_CONNECTIONS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._state = cast("ConnectionState", self.server_state)
        self._awaited: Awaited | None = None
        self._receiving: asyncio.TimerHandle | None = None
        self._sending: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._in_head = False

    @property
    def due(self) -> float:
        """When its time for a head or body runs out."""
        return float("inf") if self._receiving is None else self._receiving.when()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer for the head; drop a connection if there are now too many."""
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            dropped = self._state.next_to_drop()
            if dropped is None:
                transport.abort()
                return
            dropped.drop()
        self._await(Awaited.HEAD)

    def drop(self) -> None:
        """Close the connection, and stop counting it among those that wait, which happens later."""
        self._await(None)
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all timers."""
        self._await(None)
        self._stop_sending()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        """Parse as uvicorn does, then count what belongs to the headers."""
        was_in_head = self._in_head
        super().data_received(data)
        if self._in_head and was_in_head:
            self._count(len(data))
        if self._awaited is None and (self.cycle is None or self.cycle.response_complete):
            self._await(Awaited.HEAD)  # an empty line, which begins no request

    def on_message_begin(self) -> None:
        """Start the timer for the head."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._await(Awaited.HEAD)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count trailers, too: the headers after a body."""
        super().on_header(name, value)
        if not self._in_head:
            self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """Start the timer for the body."""
        self._in_head, self._head_bytes = False, 0
        self._await(Awaited.BODY)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Stop the timer: the request is whole, and the server's turn begins."""
        self._await(None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, unless it has begun."""
        super().on_response_complete()
        if self._awaited is None and self.timeout_keep_alive_task is not None:
            self._await(Awaited.REQUEST)

    def _unset_keepalive_if_required(self) -> None:
        super()._unset_keepalive_if_required()
        if self._awaited is Awaited.REQUEST:
            self._await(None)

    def pause_writing(self) -> None:
        """Start the timer for the client to read."""
        super().pause_writing()
        self._stop_sending()
        self._sending = self.loop.call_later(self.max_sending_s, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop it: the client reads."""
        super().resume_writing()
        self._stop_sending()

    def timeout_keep_alive_handler(self) -> None:
        """Abort instead of closing, which would wait for the client to read what is unsent."""
        self.transport.abort()

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            self.transport.abort()

    def _await(self, awaited: Awaited | None) -> None:
        """Drop the connection if this does not arrive in time; None: nothing is expected."""
        if self._receiving is not None:
            self._receiving.cancel()
            self._receiving = None
        if self._awaited is not None:
            del self._state.waiting[self._awaited][self]
        self._awaited = awaited
        if awaited is None:
            return
        self._state.waiting[awaited][self] = None
        if awaited is not Awaited.REQUEST:
            seconds = self.max_head_s if awaited is Awaited.HEAD else self.max_body_s
            self._receiving = self.loop.call_later(seconds, self.transport.abort)

    def _stop_sending(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None
