"""Who commands the bot in a voice channel, and who is told of it: rights are those in there."""

# mypy: ignore-errors

import pytest

from bot.store.records import Minute
from bot.voice_agent.events import Remember
from local_discord import CannotDo
from local_discord.values import Permission
from tests.integration.cogs.voice.conftest import where_is_the_bot
from tests.waiting import until

COMMANDS = {
    "leave": ("/leave", {}),
    "mode": ("/voice mode", {"when": "listen only: keep a transcript for /minutes"}),
    "follow": ("/voice follow", {}),
}


def person(guild, lounge, channel, who):
    """Somebody, and nobody else's right in them; all but one see the lounge."""
    found = guild.member("Pat")
    if who == "mover there":
        guild.allow(lounge, found, Permission.MOVE_MEMBERS)
    elif who == "mover elsewhere":
        guild.allow(channel, found, Permission.MOVE_MEMBERS, Permission.MANAGE_MESSAGES)
    elif who == "moderator there":
        guild.allow(lounge, found, Permission.MANAGE_MESSAGES)
    elif who == "outsider":
        guild.deny(lounge, found, Permission.VIEW_CHANNEL)
    elif who == "may not enter":
        guild.deny(lounge, found, Permission.CONNECT)
    return found


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("who", ["present", "mover there", "mover elsewhere", "member", "outsider"])
async def test_who_is_there_and_who_may_move_them_command(
    sim, deck, guild, lounge, channel, called, who, command
):
    pat = person(guild, lounge, channel, who)
    if who == "present":
        await pat.joins(lounge)
    name, options = COMMANDS[command]
    reply = await pat.slash(name, channel, **options)
    await reply.done()
    may = who in {"present", "mover there"}
    assert ("tell me what to do there" in reply.text) == (not may)
    assert (where_is_the_bot(sim, guild) is None) == (may and command == "leave")


@pytest.mark.parametrize("command", ["/voice status", "/voice timings"])
@pytest.mark.parametrize("who", ["member", "mover elsewhere", "outsider", "may not enter"])
async def test_who_may_go_there_sees_how_it_hears(
    sim, deck, guild, lounge, channel, called, who, command
):
    reply = await person(guild, lounge, channel, who).slash(command, channel)
    await reply.done()
    is_told = who in {"member", "mover elsewhere"}
    assert ("I'm not in a voice channel here" in reply.text) == (not is_told)
    assert "Ben" not in reply.text or is_told


async def test_who_does_not_see_it_cannot_name_it(sim, deck, guild, hall, channel):
    """Discord's own client does not offer the channel."""
    outsider = person(guild, hall, channel, "outsider")
    with pytest.raises(CannotDo, match="takes a channel"):
        await outsider.slash("/join", channel, channel=hall)


@pytest.mark.parametrize("who", ["member", "may not enter"])
async def test_who_may_go_there_calls_it(sim, deck, guild, hall, channel, who):
    reply = await person(guild, hall, channel, who).slash("/join", channel, channel=hall)
    await reply.done()
    refused = "have access to that voice channel" in reply.text
    assert refused == (who != "member")


@pytest.mark.parametrize("who", ["moderator there", "mover elsewhere", "member", "outsider"])
async def test_who_moderates_there_has_minutes_forgotten(
    sim, deck, guild, lounge, channel, called, ben, who
):
    minute = Minute(guild.id, lounge.id, ben.id, "Ben", "hello", int(deck.clock.wall() * 1000))
    await deck.store.minutes.add(minute)
    pat = person(guild, lounge, channel, who)
    reply = await pat.slash("/minutes", channel, clear=True)
    await reply.done()
    refusals = {
        "moderator there": "",
        "mover elsewhere": "can delete its transcript",
        "member": "can delete its transcript",
        "outsider": "have access to that voice channel",
    }
    if who == "moderator there":

        async def cleared():
            return not await deck.store.minutes.get(guild.id, lounge.id)

        await until(cleared)
    else:
        assert refusals[who] in reply.text
        assert await deck.store.minutes.get(guild.id, lounge.id)


@pytest.mark.parametrize("first", ["who spoke", "the bot"])
async def test_what_was_said_in_one_channel_is_not_told_in_another(
    sim, deck, guild, called, lounge, hall, channel, ana, ben, first
):
    """Of who leaves the channel nothing is told any more, whoever moves first."""
    room = deck.get_cog("Voice").channels.get(guild.id)
    over = Remember(1, ben.id, "the merger is on Friday", "I see.", interrupted=False)
    room.session.chat_context.add(over, "Ben")
    await ana.joins(hall)
    assert "merger" in str(room.session.chat_context.messages())
    for moved in (ben, sim.bot) if first == "who spoke" else (sim.bot, ben):
        await guild.drags(moved, hall)
    await until(lambda: room.place.channel_id == hall.id)
    await until(lambda: not room.session.chat_context.messages())
    assert not sim.problems
