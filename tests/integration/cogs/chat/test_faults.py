"""When Discord is in trouble, or does not let the bot do what it wants."""

from local_discord import File
from local_discord.values import Permission
from tests.fakes.discord_bot import made
from tests.virtual_time import settle


async def test_a_typing_sign_that_fails_costs_no_question(sim, deck, channel, ben, penny_script):
    sim.fail("POST /channels/{channel_id}/typing", 503)
    await ben.says("@Alfred hello", channel)
    await ben.sees("You said: hello")


async def test_the_first_answer_is_tried_again(sim, deck, channel, ben, penny_script):
    sim.fail("POST /channels/{channel_id}/messages", 503, times=2)
    await ben.says("@Alfred hello", channel)
    await ben.sees("You said: hello")
    assert len(penny_script.asked) == 1


async def test_where_it_may_not_write_it_says_so_in_private(
    sim, deck, guild, channel, ben, penny_script
):
    guild.deny(channel, sim.bot, Permission.SEND_MESSAGES)
    await ben.says("@Alfred hello", channel)
    told = await ben.sees(lambda m: m.author == sim.bot, ben.dm, ever=True)
    assert "Send Messages" in told.content
    assert not penny_script.asked


async def test_a_thread_needs_permission(sim, deck, guild, channel, ben, penny_script):
    guild.deny(channel, sim.bot, Permission.CREATE_PUBLIC_THREADS)
    reply = await ben.slash("/chat", channel, question="shall we?")
    assert reply.ephemeral
    assert "Create Public Threads" in reply.text
    assert not penny_script.asked
    assert not sim.problems


async def test_two_processes_answer_once(sim, channel, ben, base_url, tmp_path, cogs, penny_script):
    """While one version of the bot takes over from another both are online for a moment."""
    async with (
        made(base_url, tmp_path / "x.db", cogs=cogs) as old,
        made(base_url, tmp_path / "x.db", cogs=cogs) as new,
        sim.connect(old),
        sim.connect(new),
    ):
        await ben.says("@Alfred hello", channel)
        await ben.sees("You said: hello")
        await settle()
        assert len([m for m in ben.reads(channel) if m.author == sim.bot]) == 1
        await ben.slash("/ask", channel, question="are you there?")
        await ben.sees("You said: are you there?")
        await settle()
        assert len(await old.store.jobs.listing()) == 4
        assert len([m for m in ben.reads(channel) if m.author == sim.bot]) == 2
    assert len(penny_script.asked) == 2


async def test_a_conversation_in_a_thread_goes_on_after_a_restart(
    sim, channel, ben, base_url, tmp_path, cogs, penny_script
):
    async with made(base_url, tmp_path / "x.db", cogs=cogs) as bot, sim.connect(bot):
        await ben.slash("/chat", channel, question="my cat is Miso")
        thread = await ben.sees_thread()
        await ben.sees("You said: my cat is Miso", thread)
    async with made(base_url, tmp_path / "x.db", cogs=cogs) as bot, sim.connect(bot):
        await ben.says("what is its name?", thread)
        await ben.sees("You said: what is its name?", thread)
    told = [m.content for m in penny_script.asked[1].context.history]
    assert told == ["my cat is Miso", "You said: my cat is Miso"]
    assert not sim.problems


async def test_a_file_too_large_is_refused_before_it_is_fetched(
    sim, deck, channel, ben, penny_script
):
    file = File("big.txt", b"x" * (4 * 1024 * 1024 + 1))
    await ben.says("@Alfred sum up", channel, files=[file])
    await ben.sees("the limit is 4 MiB")
    assert not penny_script.asked


async def test_a_message_while_the_bot_ends_is_no_error(
    sim, deck, channel, ben, monkeypatch, caplog
):
    async def ended(*_args, **_more):
        once = iter([True])  # the gateway asks, too, and would end
        monkeypatch.setattr(deck, "is_closed", lambda: next(once, False))
        raise RuntimeError("Session is closed")

    monkeypatch.setattr(deck.http, "request", ended)
    await ben.says("@Alfred hello", channel)
    await settle()
    assert not [one for one in caplog.records if one.levelname == "ERROR"]
