"""A small hub on loopback, with the routes and headers that huggingface_hub asks for."""

import hashlib
import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from bot.models.hub import Hub


@dataclass
class FakeHub:
    """Files by `owner/name/revision/path`, and how the hub misbehaves.

    Attributes:
        files: What it has.
        status: Answers everything with this status, unless it is 200.
        code: The error code beside the status.
        break_after: Breaks off each answer after so many bytes, this often.
        breaks: How often it still breaks off.
        page: Answers each download with this, as the whole of it; None: with the file.
        says_hash: Whether it says a file's hash, as it does of large files.
        asked: The method and path of each request.
        ranges: The Range header of each download.
        tokens: The Authorization header of each request.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    status: int = 200
    code: str = ""
    break_after: int = 0
    breaks: int = 0
    page: bytes | None = None
    says_hash: bool = True
    asked: list[str] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    url: str = ""

    @property
    def hub(self) -> Hub:
        """A client of it."""
        return Hub(self.url)

    @contextmanager
    def running(self) -> Iterator["FakeHub"]:
        """Serve, and let huggingface_hub go online meanwhile (tests/conftest.py forbids it)."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
                yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _handler(hub: FakeHub) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            hub.ranges.append(self.headers["Range"])
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            hub.asked.append(f"{self.command} {self.path}")
            hub.tokens.append(self.headers["Authorization"])
            match = re.fullmatch(r"/(.+)/resolve/([^/]+)/(.+)", self.path)
            data = hub.files.get("/".join(match.groups())) if match else None
            if hub.status != 200 or data is None:
                self.send_response(hub.status if hub.status != 200 else 404)
                code = hub.code or ("EntryNotFound" if hub.status == 200 else "")
                self.send_header("X-Error-Code", code)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if with_body and hub.page is not None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(hub.page)))
                self.end_headers()
                self.wfile.write(hub.page)
                return
            start = self._start() if with_body else 0
            self.send_response(206 if start else 200)
            digest = hashlib.sha256(data).hexdigest()
            self.send_header("ETag", f'"{digest if hub.says_hash else digest[:40]}"')
            self.send_header("X-Repo-Commit", "c" * 40)
            self.send_header("Content-Length", str(len(data) - start))
            self.end_headers()
            if with_body:
                self._send(data[start:])

        def _start(self) -> int:
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
            return int(asked[1]) if asked else 0

        def _send(self, data: bytes) -> None:
            if hub.breaks:
                hub.breaks -= 1
                data = data[: hub.break_after]
                self.close_connection = True
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    return Handler
