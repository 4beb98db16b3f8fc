"""An OTLP collector in this process."""

import contextlib
import gzip
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web


class Collector:
    """Takes traces over HTTP and reads the protobuf.

    Attributes:
        url: Its base URL.
        spans: What came, in the order of its coming.
    """

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[Any] = []

    async def take(self, request: web.Request) -> web.Response:
        """OTLP's `/v1/traces`."""
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
            ExportTraceServiceRequest,
        )

        body = await request.read()
        if body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return web.Response()


@contextlib.asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """A collector on loopback."""
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(app)
    await runner.setup()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield collector
