"""What a person asks for can be followed in the log: one id from Discord to the worker."""

# mypy: ignore-errors

import logging
from collections import defaultdict

import pytest

from bot.clock import SystemClock
from bot.contract import Service
from bot.errors import JobFailed
from bot.observability.call_log import CallLog
from bot.observability.calls import CallSpans
from bot.observability.logs import Plain, Redaction
from bot.spans import CURRENT_TRACE
from bot.workers.protocols import Delivery
from tests.fakes.discord_bot import made
from tests.fakes.handlers import Scripted
from tests.waiting import until

SECRET = "the password of my bicycle"


class Lines(logging.Handler):
    """The log lines by the id of their request, as they are written."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.by_id = defaultdict(list)
        self.plain = []
        self.setFormatter(Plain(Redaction()))

    def emit(self, record):
        self.by_id[CURRENT_TRACE.get()].append(record.getMessage())
        self.plain.append(self.format(record))

    def of(self, words):
        """The id of the request whose lines have these words, and its lines."""
        [found] = [one for one in self.by_id if any(words in line for line in self.by_id[one])]
        return found, self.by_id[found]


@pytest.fixture
def lines():
    handler, loggers = Lines(), [logging.getLogger(name) for name in ("bot", "cogs")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    yield handler
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.chat", "cogs.grace", "cogs.factory")


@pytest.fixture
def handlers(note):
    async def fails(_request):
        raise JobFailed(SECRET)
        yield

    return {
        "penny": Scripted(note, service=Service.PENNY),
        "grace": Scripted(note, service=Service.GRACE, delivery=Delivery.REPLY),
        "factory": Scripted(fails, service=Service.FACTORY),
    }


@pytest.fixture
async def deck(sim, guild, channel, base_url, tmp_path, cogs, lines):
    clock = SystemClock()
    observers = (CallSpans(None, clock), CallLog(clock))
    database = tmp_path / "skydeck.db"
    async with (
        made(base_url, database, cogs=cogs, observers=observers) as bot,
        sim.connect(bot),
    ):
        yield bot


async def test_a_command_has_one_id_from_discord_to_the_worker(deck, ben, asked, lines):
    await ben.slash("/grace summarize", text=SECRET)
    await ben.sees(SECRET)
    [request] = asked
    trace_id, told = lines.of("request: /grace summarize")
    assert request.trace_id == trace_id
    assert told[0] == "request: /grace summarize"
    assert "grace SUMMARIZER is sent" in told
    assert any(line.startswith("the job of grace completed after") for line in told)
    await until(lambda: any(line.startswith("grace SUMMARIZER completed after") for line in told))
    assert any(f"[{trace_id[:8]}] request: /grace summarize" in line for line in lines.plain)


async def test_no_line_says_who_asked_or_what(deck, ben, lines):
    await ben.slash("/grace summarize", text=SECRET)
    await ben.sees(SECRET)
    text = "\n".join(line for told in lines.by_id.values() for line in told)
    assert SECRET not in text
    assert str(ben.id) not in text
    assert "Ben" not in text


async def test_each_request_has_an_id_of_its_own(deck, ana, ben, channel, asked, lines):
    await ben.slash("/grace summarize", text="one")
    await ben.sees("one")
    await ana.says(f"<@{deck.user.id}> hello")
    await ana.sees("hello")
    first, second = (request.trace_id for request in asked)
    assert first != second
    trace_id, told = lines.of("request: a message")
    assert trace_id == second
    assert "penny CONVERSE is sent" in told
    assert lines.by_id.keys() - {first, second} <= {""}, "what nobody asked for has no id"


async def test_a_failure_is_a_warning_with_the_same_id(deck, ben, lines):
    await ben.slash("/factory build", task="a dice")
    _, told = lines.of("request: /factory build")
    failed = "factory BUILD failed: job_failed after"
    await until(lambda: any(line.startswith(failed) for line in told))
