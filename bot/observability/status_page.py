"""The page at /status: how the services, Discord and the database are, for anybody.

It has no names, ids, addresses or costs. One query serves everybody for `FRESH_S` seconds, however
many ask.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Final, Protocol

from aiohttp import web

from bot.clock import Clock
from bot.contract import Service
from bot.errors import BadSettings, StoreFailed
from bot.figures import duration, moment
from bot.i18n import DEFAULT, INTERFACE_LANGUAGES, Words, words_for
from bot.observability.status_words import discord_line, is_well, service_lines, store_line
from bot.service_calls.availability import Availability
from bot.store.store import Store

FRESH_S: Final = 10.0
"""How long an answer is shown to everybody before somebody's request asks again."""
STORE_TIMEOUT_S: Final = 2.0
_MAX_HEADER_CHARS: Final = 200
_HEADERS: Final = {
    "Cache-Control": f"public, max-age={int(FRESH_S)}",
    "Vary": "Accept-Language",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PAGE: Final = """\
<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="30">
<title>skydeck · {title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto }}
body {{ padding: 0 1rem }}
h1 {{ font-size: 1.5rem }} h2 {{ font-size: 1.1rem; margin: 1.5rem 0 0 }}
p {{ margin: .2rem 0 }} .well, .unwell {{ font-weight: bold }} footer {{ margin-top: 2rem }}
</style>
</head>
<body>
<main>
<h1>skydeck · {title}</h1>
<p class="{state}">{verdict}</p>
{sections}
</main>
<footer>{asked}</footer>
</body>
</html>
"""


class ServiceSource(Protocol):
    """Says how available a service is."""

    async def availability(self, service: Service) -> Availability:
        """Ask it; raises BadSettings if it has no endpoint."""


class StatusClient(Protocol):
    """The parts of the Discord client that the page shows."""

    store: Store

    @property
    def services(self) -> ServiceSource:
        """The services."""

    @property
    def latencies(self) -> list[tuple[int, float]]:
        """The round trip to Discord in seconds, by shard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What one query found.

    Attributes:
        at_s: When, in seconds since the epoch.
        services: Each service's availability; None: it is not set up.
        latencies: The round trip to Discord in seconds, by shard.
        store_ms: How long the database took; None: it does not answer.
    """

    at_s: float
    services: Mapping[Service, Availability | None]
    latencies: Sequence[tuple[int, float]]
    store_ms: float | None

    @property
    def is_well(self) -> bool:
        """Whether everything that is set up works."""
        return self.store_ms is not None and all(map(is_well, self.services.values()))


class StatusPage:
    """Answers /status."""

    def __init__(self, client: StatusClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._asking = asyncio.Lock()
        self._latest: Status | None = None
        self._fresh_until_s = float("-inf")

    async def answer(self, request: web.Request) -> web.Response:
        """The page, in the language that the browser asks for."""
        words = words_for(accepted_language(request.headers.get("Accept-Language", "")))
        return web.Response(
            text=as_html(await self._status(), words),
            content_type="text/html",
            headers=_HEADERS | {"Content-Language": words.language},
        )

    async def _status(self) -> Status:
        async with self._asking:  # whoever comes meanwhile gets the same
            if self._latest is None or self._clock.now() >= self._fresh_until_s:
                self._latest = await self._ask()
                self._fresh_until_s = self._clock.now() + FRESH_S
            return self._latest

    async def _ask(self) -> Status:
        found = await asyncio.gather(*map(self._availability, Service))
        return Status(
            at_s=self._clock.wall(),
            services=dict(zip(Service, found, strict=True)),
            latencies=list(self._client.latencies),
            store_ms=await self._store_ms(),
        )

    async def _availability(self, service: Service) -> Availability | None:
        try:
            return await self._client.services.availability(service)
        except BadSettings:
            return None

    async def _store_ms(self) -> float | None:
        began_s = self._clock.now()
        try:
            async with asyncio.timeout(STORE_TIMEOUT_S):
                await self._client.store.key_value.get("status")
        except (StoreFailed, TimeoutError):
            return None
        return (self._clock.now() - began_s) * 1000


def as_html(status: Status, words: Words) -> str:
    """The page. Everything in it is escaped."""

    def when(from_now_s: float) -> str:
        time = duration(abs(from_now_s))
        return words("common.from_now" if from_now_s > 0 else "status.ago", time=time)

    sections = [
        _section(
            words(f"status.service.{service.value.lower()}"),
            service_lines(availability, words, when),
        )
        for service, availability in status.services.items()
    ]
    own = [discord_line(status.latencies, words), store_line(status.store_ms, words)]
    at = moment(datetime.fromtimestamp(status.at_s, UTC), words.language, with_seconds=True)
    return _PAGE.format(
        language=words.language,
        title=escape(words("status.title")),
        state="well" if status.is_well else "unwell",
        verdict=escape(words("status.well" if status.is_well else "status.unwell")),
        sections="\n".join([*sections, _section(words("status.bot"), own)]),
        asked=escape(words("status.as_of", at=at)),
    )


def _section(title: str, lines: Sequence[str]) -> str:
    told = "\n".join(f"<p>{escape(line)}</p>" for line in lines)
    return f"<h2>{escape(title)}</h2>\n{told}"


def accepted_language(header: str) -> str:
    """The language of ours that a browser wants most, by its Accept-Language header."""
    best, most = DEFAULT, 0.0
    for part in header[:_MAX_HEADER_CHARS].split(","):
        name, _, weight = part.strip().partition(";")
        language = name.strip().lower().partition("-")[0]
        wish = _weight(weight)
        if language in INTERFACE_LANGUAGES and wish > most:
            best, most = language, wish
    return best


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
