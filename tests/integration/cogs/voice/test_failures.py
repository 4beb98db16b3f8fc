"""Why a spoken turn failed, as everybody in the channel reads it."""

# mypy: ignore-errors

import pytest

from bot import errors
from bot.contract import Service
from bot.i18n import words_for
from bot.service_calls.circuit_breaker import FAILURES, Verdict
from bot.voice_agent.events import Stage, TurnUpdate
from cogs.voice._transcript_view import ChannelTranscript
from tests.integration.cogs.voice.conftest import finished, where_is_the_bot
from tests.unit.cogs.shared.test_error_messages import kinds, made


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.voice", "cogs.ops", "cogs.costs")


async def test_a_spent_budget_is_named(sim, guild, called, lounge, channel, ben, word):
    owner = guild.owner()
    owner.user.locale = "en-US"
    reply = await owner.slash("/budget set", channel, period="Day", usd=0)
    await reply.done()
    await called.plays(word)
    told = await ben.sees("might cost more than is left in this server's budget", lounge)
    assert "The budget resets <t:" in told.content
    assert "(over_budget · " in told.content
    assert not sim.problems


async def test_a_missing_right_is_named(deck, guild, called, lounge, ben, word, monkeypatch):
    def refuse(*_args, **_options):
        raise errors.NotAllowed("On this server I only answer in: <#1>")

    monkeypatch.setattr(deck.services, "submit", refuse)
    await called.plays(word)
    told = await ben.sees("I'm not allowed to do that for you here.", lounge)
    assert "> On this server I only answer in: <#1>" in told.content


async def test_a_paused_service_is_named(sim, guild, deck, called, lounge, ben, word):
    line = sim.voice.line(guild)
    await finished(line)  # the greeting, whose success would end the pause
    breaker = deck.services.breaker(Service.PENNY)
    for _ in range(FAILURES):
        breaker.ended(Verdict.FAULT, deck.clock.now())
    await called.plays(word)
    told = await ben.sees("The service is down right now", lounge)
    assert "I'll retry <t:" in told.content


@pytest.mark.parametrize("locale", ["en-US", "es-ES"])
async def test_each_kind_of_error_has_its_words(deck, lounge, ben, locale):
    words = words_for(locale)
    view = ChannelTranscript(deck, lounge.id, words, "Alfred", names={7: "Ana"})
    for number, kind in enumerate(kinds()):
        view.show(TurnUpdate(number, 7, Stage.FAILED, "Who?", "", error=made(kind)))
    view.show(TurnUpdate(99, 7, Stage.FAILED, "Who?", "", error=ValueError("private words")))
    await view.refresh()
    texts = [message.content for message in ben.reads(lounge)]
    vague = [text for text in texts if words("errors.error") in text]
    assert len(vague) == 1  # the root of all errors
    assert len(texts) == len(list(kinds())) + 1
    assert not any("private words" in text for text in texts)


async def test_a_persons_own_figures_stay_private(deck, lounge, ben):
    view = ChannelTranscript(deck, lounge.id, words_for("en-US"), "Alfred", names={7: "Ana"})
    spent = errors.OverBudget(
        scope="user", period="day", limit_micro_usd=770_000, left_micro_usd=10_000, renews_ms=0
    )
    view.show(TurnUpdate(1, 7, Stage.FAILED, "Who?", "", error=spent))
    await view.refresh()
    [message] = ben.reads(lounge)
    assert "is left in your budget for today, so I didn't send it" in message.content
    assert "0.77" not in message.content


async def test_it_leaves_though_its_last_words_cannot_be_shown(
    sim, guild, deck, called, lounge, channel, ben, monkeypatch
):
    async def fails(_self):
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(ChannelTranscript, "finish", fails)
    reply = await ben.slash("/leave", channel)
    await reply.done()
    assert where_is_the_bot(sim, guild) is None
    assert deck.voice_clients == []
