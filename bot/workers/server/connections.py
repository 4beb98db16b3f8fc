"""A connection to the embedded server that cannot be held for nothing.

Uvicorn bounds the wait between two requests and nothing else: who sends half a head, half a body or
headers without end, or does not read what is answered, keeps the connection for ever. Here each of
these has its time or size, and when there are too many connections those go first that have not
sent a whole request.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_S = 10.0
"""From the first byte, or the connection, to the end of the headers."""
MAX_BODY_S = 60.0
"""From the end of the headers to the end of the body, which is 20 MB at most."""
MAX_SENDING_S = 60.0
"""How long an answer may wait for whoever has asked to read it."""
MAX_HEAD_BYTES = 64 * 1024
MAX_CONNECTIONS = 512


class BoundedProtocol(HttpToolsProtocol):
    """Uvicorn's, with times and sizes."""

    max_head_s = MAX_HEAD_S
    max_body_s = MAX_BODY_S
    max_sending_s = MAX_SENDING_S
    max_connections = MAX_CONNECTIONS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._receiving: asyncio.TimerHandle | None = None
        self._sending: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._in_head = False

    @property
    def is_waited_for(self) -> bool:
        """Whether it is for the other side to go on: half a request, or none."""
        return self._receiving is not None or self.timeout_keep_alive_task is not None

    @property
    def due(self) -> float:
        """When it would be dropped by itself; an idle one only after those that are half done."""
        return float("inf") if self._receiving is None else self._receiving.when()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to count."""
        super().connection_made(transport)
        self._expect(self.max_head_s)
        if len(self.connections) > self.max_connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop counting."""
        self._expect(None)
        self._stop_sending()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        """As uvicorn does, and then count what the headers have."""
        was_in_head = self._in_head
        super().data_received(data)
        if self._in_head and was_in_head:
            self._count(len(data))
        if self._receiving is None and (self.cycle is None or self.cycle.response_complete):
            self._expect(self.max_head_s)  # an empty line, which begins nothing

    def on_message_begin(self) -> None:
        """The head's time begins with its first byte."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._expect(self.max_head_s)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Those after a body are headers, too."""
        super().on_header(name, value)
        if not self._in_head:
            self._count(len(name) + len(value))

    def on_headers_complete(self) -> None:
        """Now for the body."""
        self._in_head, self._head_bytes = False, 0
        self._expect(self.max_body_s)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A whole request; from here on it is our turn."""
        self._expect(None)
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The other side does not read."""
        super().pause_writing()
        self._stop_sending()
        self._sending = self.loop.call_later(self.max_sending_s, self.transport.abort)

    def resume_writing(self) -> None:
        """It does."""
        super().resume_writing()
        self._stop_sending()

    def timeout_keep_alive_handler(self) -> None:
        """Not to wait for what is still to be sent: nobody has read it all the while."""
        self.transport.abort()

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            self.transport.abort()

    def _expect(self, seconds: float | None) -> None:
        """Drop the connection after so many seconds, unless this is called again."""
        if self._receiving is not None:
            self._receiving.cancel()
            self._receiving = None
        if seconds is not None:
            self._receiving = self.loop.call_later(seconds, self.transport.abort)

    def _stop_sending(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
            self._sending = None

    def _make_room(self) -> None:
        """Drop one that waits for the other side, the longest of all; if there is none, this one.

        Connections are not in an order; their timers are: who is to be dropped first waits longest.
        """
        waiting = [one for one in self.connections if isinstance(one, BoundedProtocol)]
        waiting = [one for one in waiting if one is not self and one.is_waited_for]
        (min(waiting, key=lambda one: one.due) if waiting else self).transport.abort()
