"""An OTLP collector, where the library for it is installed."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes.collector import Collector, collecting


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    pytest.importorskip("opentelemetry.sdk", reason="the extra 'otel' is not installed")
    async with collecting() as one:
        yield one
