"""A question that a process had read when it died, and one that it had begun to answer."""

import contextlib

import pytest

from bot.cluster import identify_limiter, shard_keeper
from bot.settings import Settings
from bot.store.records import Role, StoredMessage
from tests.fakes.discord_bot import made


@pytest.fixture
async def process(monkeypatch, postgres, base_url, cogs):
    """Makes processes that claim the one shard; whoever was there before them is surely dead."""
    monkeypatch.setattr(shard_keeper, "BEAT_S", 0.2)
    monkeypatch.setattr(identify_limiter, "IDENTIFY_EVERY_MS", 300)
    url = await postgres.clean()
    settings = Settings(_env_file=None, skydeck_shards="auto/1")

    @contextlib.asynccontextmanager
    async def make():
        async with made(base_url, url, settings=settings, cogs=cogs) as bot:
            bot.membership.dead_after_s = 0.0
            yield bot

    return make


def remembered(message) -> StoredMessage:
    return StoredMessage(
        message_id=message.id,
        conversation_id=message.id,
        person_id=message.author.id,
        author_id=message.author.id,
        author_name="Ben",
        role=Role.USER,
        content="are you there",
        created_at_ms=int(message.created_at * 1000),
    )


async def test_a_question_without_a_job_is_answered_after_all(sim, process, channel, ben):
    async with process() as bot, sim.connect(bot):
        await ben.says("@Alfred hello", channel)
        await ben.sees("hello", channel)
    message = await ben.says("@Alfred are you there", channel)
    async with process() as bot:
        await bot.store.conversations.add(remembered(message))  # and then it died
        async with sim.connect(bot):
            await ben.sees("are you there", channel)
    assert not sim.problems


async def test_what_was_answered_is_not_answered_again(sim, process, channel, ben):
    async with process() as bot, sim.connect(bot):
        before = bot.membership.shards.sessions()[0]
        await ben.says("@Alfred hello", channel)
        await ben.sees("You said: hello", channel)
        await bot.membership.end()
        # As after kill -9: the table has the session where it stood before the question.
        await bot.store.shard_leases.release(1, {0: before})
    async with process() as bot, sim.connect(bot):
        await ben.says("@Alfred once more", channel)
        await ben.sees("You said: once more", channel)
        answers = [m.text for m in ben.reads(channel) if m.author is sim.bot]
    assert answers == ["You said: hello", "You said: once more"]
