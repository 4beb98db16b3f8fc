"""A local Discord that is kept in a file, and comes back."""

# mypy: ignore-errors

import dataclasses

import pytest

from local_discord import File, LocalDiscord, Permission
from local_discord.keeping import CannotKeep, Keeper
from local_discord.values import Message


async def kept(file, more=None):
    """What a fresh local Discord gets from the file."""
    async with LocalDiscord() as sim:
        keeper = Keeper(sim.backend, file)
        try:
            return sim, keeper.load()
        finally:
            keeper.close()


def told(message):
    """A message as values, for comparing it in two runs."""
    names = [f.name for f in dataclasses.fields(Message)]
    unlike = {"channel", "revisions", "changed", "attachments", "thread"}
    return {name: flat(getattr(message, name)) for name in names if name not in unlike}


def flat(value):
    if isinstance(value, list):
        return [flat(one) for one in value]
    if isinstance(value, dict):
        return {key: flat(one) for key, one in value.items() if key not in ("url", "proxy_url")}
    if dataclasses.is_dataclass(value) and not hasattr(value, "id"):
        return {f.name: flat(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return getattr(value, "id", value)


async def test_all_comes_back(tmp_path):
    file = tmp_path / "discord.db"
    async with LocalDiscord() as sim:
        keeper = Keeper(sim.backend, file)
        assert keeper.load() is None
        keeper.begin()
        keeper.more = lambda: {"cast": [1]}
        guild = sim.guild("Kept", locale="es-ES")
        channel, lounge = guild.channel("general", topic="All"), guild.voice_channel("Lounge")
        ana, ben = guild.member("Ana", locale="es-ES"), guild.member("Ben")
        role = guild.role("Moderators", Permission.MANAGE_MESSAGES)
        guild.give(ben, role)
        guild.deny(channel, ana, Permission.ADD_REACTIONS)
        first = await ana.says("@Ben look", channel, files=[File("a.png", b"\x89PNG")])
        answer = await ben.says("yes", reply_to=first)
        await ben.reacts("👍", on=first)
        await ben.edits(answer, "yes, **yes**")
        gone = await ben.says("no")
        await ben.deletes(gone)
        thread = await ana.starts_thread("More", on=first)
        await ben.says("here", thread)
        poll = await ana.asks("Pizza?", "Yes", "No", in_=channel)
        await ben.votes(2, on=poll)
        await ana.says("psst", ana.dm)
        await ana.forwards(first, lounge)
        written = {
            m.id: told(m) for c in sim.backend.world.channels.values() for m in c.messages.values()
        }
        keeper.close()

    sim, more = await kept(file)
    world = sim.backend.world
    assert more == {"cast": [1]}
    again = {m.id: told(m) for c in world.channels.values() for m in c.messages.values()}
    assert again == written
    there = world.guilds[guild.id]
    assert [c.name for c in there.channels.values()] == ["general", "Lounge"]
    assert there.owner is world.owner is there.members[world.owner.id].user
    assert there.members[ben.id].roles == [role.id]
    assert there.roles[role.id].permissions is Permission.MANAGE_MESSAGES
    assert Permission.ADD_REACTIONS in world.channels[channel.id].overwrites[ana.id].deny
    shown = world.channels[channel.id].messages[first.id]
    assert shown.thread is world.channels[thread.id]
    assert shown.thread.parent is world.channels[channel.id]
    assert shown.attachments[0].data == b"\x89PNG"
    assert shown.attachments[0].url.startswith(sim.base_url)
    assert world.files[shown.attachments[0].id] is shown.attachments[0]
    assert world.new_id() > max(written)
    assert sim.backend.application.bot is world.bot


async def test_it_is_saved_while_it_runs(tmp_path):
    """Whoever is killed loses a second."""
    file = tmp_path / "discord.db"
    async with LocalDiscord() as sim:
        keeper = Keeper(sim.backend, file)
        keeper.begin()
        channel = sim.guild("Kept").channel("general")
        ana = sim.guild("Other").member("Ana")
        await ana.says("one", ana.dm)
        keeper._save()
        keeper._writer.submit(lambda: None).result()
        copy = tmp_path / "copy.db"
        copy.write_bytes(file.read_bytes())
        (tmp_path / "copy.db-wal").write_bytes((tmp_path / "discord.db-wal").read_bytes())
        keeper.close()
    again, _ = await kept(copy)
    assert channel.id in again.backend.world.channels
    assert [m.content for m in again.backend.world.channels[ana.dm.id].messages.values()] == ["one"]


async def test_what_was_removed_stays_so(tmp_path):
    file = tmp_path / "discord.db"
    async with LocalDiscord() as sim:
        keeper = Keeper(sim.backend, file)
        keeper.begin()
        guild = sim.guild("Kept")
        channel, other = guild.channel("general"), guild.channel("other")
        ana = guild.member("Ana")
        first = await ana.says("one", channel)
        await ana.says("two", other)
        thread = await ana.starts_thread("More", on=first)
        await ana.says("three", thread)
        guild.removes(thread)
        guild.removes(other)
        keeper.close()
    again, _ = await kept(file)
    world = again.backend.world
    assert set(world.channels) == {channel.id}
    assert world.channels[channel.id].messages[first.id].thread is None


async def test_two_at_once_are_refused(tmp_path):
    async with LocalDiscord() as sim, LocalDiscord() as other:
        keeper = Keeper(sim.backend, tmp_path / "discord.db")
        keeper.begin()
        keeper._save()
        keeper._writer.submit(lambda: None).result()
        with pytest.raises(CannotKeep, match="another `skydeck try` uses it"):
            Keeper(other.backend, tmp_path / "discord.db")
        keeper.close()


@pytest.mark.parametrize("content", [b"no database at all, but long enough" * 200, b"{}"])
async def test_another_file_is_refused_and_left_alone(tmp_path, content):
    file = tmp_path / "discord.db"
    file.write_bytes(content)
    async with LocalDiscord() as sim:
        with pytest.raises(CannotKeep, match="cannot be used"):
            Keeper(sim.backend, file)
    assert file.read_bytes() == content


async def test_a_record_that_cannot_be_read_is_one_line(tmp_path):
    file = tmp_path / "discord.db"
    async with LocalDiscord() as sim:
        keeper = Keeper(sim.backend, file)
        keeper.begin()
        keeper.close()
    async with LocalDiscord() as sim:
        keeper = Keeper(sim.backend, file)
        keeper._database.execute("UPDATE things SET record = '{\"name\": 3}' WHERE kind = 'User'")
        with pytest.raises(CannotKeep, match="cannot be read"):
            keeper.load()
        keeper.close()
