"""What Discord may leave out, and what its reference says commands are to tell."""

import logging

import pytest

from bot.contract import Service
from bot.discord_client import COGS
from cogs.shared.permissions import may_write
from local_discord import wire
from tests.fakes.handlers import Scripted, echo
from tests.integration.cogs.shared.conftest import ended


@pytest.fixture
def handlers():
    return {s.value.lower(): Scripted(echo, service=s) for s in Service}


@pytest.fixture
def cogs():
    return COGS


@pytest.fixture
def sparing(monkeypatch):
    """A Discord that leaves out of messages what its reference lets it leave out."""
    every = wire.message

    def message(*args, **kwargs):
        body = every(*args, **kwargs)
        body.pop("referenced_message", None)
        return (
            body if body.get("components") else {k: v for k, v in body.items() if k != "components"}
        )

    monkeypatch.setattr(wire, "message", message)


async def test_messages_without_components_are_read(sim, sparing, deck, channel, ben):
    await ben.slash("/say", channel, text="spoken words")  # an answer without buttons
    await ben.sees(lambda m: m.author == sim.bot and "spoken" in m.content, channel)
    await ended(deck, ben)
    await ben.says("The meeting is at nine.", channel)
    await ben.slash("/grace summarize", channel, last=3)
    await ben.sees(lambda m: "Ben: The meeting is at nine." in m.text, channel)


async def test_a_reply_is_known_by_what_is_remembered(sim, sparing, deck, channel, ben):
    await ben.says("@Alfred hello", channel)
    answer = await ben.sees(lambda m: m.author == sim.bot and "Regenerate" in m.buttons, channel)
    await ben.says("and again", channel, reply_to=answer)
    await ben.sees(lambda m: m.author == sim.bot and "and again" in m.content, channel)
    assert not sim.log.requests("GET", f"/messages/{answer.id}")


async def test_a_reply_to_what_is_not_remembered_is_looked_up(sim, sparing, deck, channel, ben):
    await ben.slash("/say", channel, text="spoken words")  # nobody remembers such an answer
    answer = await ben.sees(lambda m: m.author == sim.bot and "spoken" in m.content, channel)
    await ben.says("what was that?", channel, reply_to=answer)
    await ben.sees(lambda m: m.author == sim.bot and "what was that?" in m.content, channel)


async def test_a_reply_to_somebody_else_is_not_for_the_bot(sim, sparing, deck, channel, ben, ana):
    said = await ana.says("hola", channel)
    await ben.says("hi", channel, reply_to=said)
    await ben.says("@Alfred last", channel)
    await ben.sees(lambda m: m.author == sim.bot and "last" in m.content, channel)
    own = [m for m in ben.reads(channel) if m.author == sim.bot]
    assert len(own) == 1


@pytest.mark.parametrize(
    ("command", "options"),
    [("/costs", {}), ("/status", {}), ("/privacy export", {})],
)
async def test_a_deferred_answer_is_edited_and_stays_ephemeral(sim, deck, ben, command, options):
    reply = await ben.slash(command, **options)
    shown = await reply.done()
    assert reply.ephemeral
    assert shown.text or shown.attachments
    assert len(reply.messages) == 1
    assert not [c for c in sim.log.requests("POST") if c.path.startswith("/webhooks/")]
    assert sim.log.requests("PATCH", "/webhooks/")


async def test_an_error_after_a_deferral_is_edited_in(sim, deck, ben, monkeypatch):
    async def broken(*_args):
        raise RuntimeError("out of order")

    monkeypatch.setattr(type(deck.store.privacy), "export", broken)
    reply = await ben.slash("/privacy export")
    shown = await reply.done()
    assert "Something went wrong" in shown.content
    assert reply.ephemeral
    assert len(reply.messages) == 1
    assert not [c for c in sim.log.requests("POST") if c.path.startswith("/webhooks/")]


async def test_group_messages_and_strange_servers_are_no_place_to_write(
    sim, deck, channel, ben, monkeypatch
):
    """As when an operator lets people install the bot for themselves."""
    from local_discord.interactions import Interactions

    seen = []
    every = Interactions._json

    def brought_along(self, one):
        body = every(self, one)
        return body | {"authorizing_integration_owners": {"1": str(one.user.id)}}

    monkeypatch.setattr(Interactions, "_json", brought_along)
    monkeypatch.setattr("cogs.shared.answering.may_write", lambda i: seen.append(may_write(i)))
    await ben.slash("/ask", channel, question="hello there")
    await ben.sees("hello there", channel)
    assert seen == [False]
    posted = sim.log.requests("PATCH", "/channels/{channel_id}/messages/{message_id}")
    assert not posted


async def test_checking_the_token_warns_of_nothing_and_invites_to_discord_alone(sim, caplog):
    from pydantic import SecretStr

    from bot.discord_client import check_token
    from bot.settings import Settings

    with caplog.at_level(logging.WARNING, logger="discord"):
        account = await check_token(Settings(_env_file=None, discord_token=SecretStr(sim.token)))
    assert (account.name, account.invite) == (sim.bot.name, None)
    assert "Guilds intent" not in caplog.text
