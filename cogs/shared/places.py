"""How a person relates to a place, according to Discord: channels, overwrites, threads.

`cogs.shared.rights` decides what follows from it.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import discord
from discord import app_commands

from bot.jobs.place import address_of
from bot.store.repositories.recovery import Job
from cogs.shared.presence import server_id_of, server_of
from cogs.shared.rights import Relation, Right, may

Place = discord.abc.GuildChannel | discord.Thread
"""A channel or thread of a server."""
Vocal = discord.VoiceChannel | discord.StageChannel

_T = TypeVar("_T")
_NOWHERE = discord.Permissions.none()


@dataclass(slots=True)
class Places:
    """A person's permissions at any number of places, each of which is looked up once."""

    interaction: discord.Interaction[Any]
    _known: dict[int, discord.Permissions] = field(default_factory=dict)

    async def relation_to_job(self, job: Job) -> Relation:
        """Their relation to a job, in the place where it is shown now."""
        return await self.relation(
            owner_id=job.user_id, guild_id=job.guild_id, channel_id=shown_in(job)
        )

    async def relations_to_jobs(self, jobs: Iterable[Job]) -> dict[int, Relation]:
        """Their relations to many jobs, by job number; the places are looked up concurrently."""
        listed = list(jobs)
        here = server_id_of(self.interaction)
        places = {shown_in(job) for job in listed if job.guild_id is not None} if here else set()
        await asyncio.gather(*map(self._allowed, places))
        return {job.journal_id: await self.relation_to_job(job) for job in listed}

    async def relation(
        self, *, owner_id: int | None, guild_id: int | None, channel_id: int
    ) -> Relation:
        """Their relation to something.

        Args:
            owner_id: Its owner, if there is one.
            guild_id: Its server; None for direct messages.
            channel_id: Its channel.
        """
        is_owner = owner_id == self.interaction.user.id
        is_here = guild_id is not None and guild_id == server_id_of(self.interaction)
        if not is_here:
            return Relation(is_owner=is_owner)
        allowed = await self._allowed(channel_id)
        return Relation(
            is_owner=is_owner,
            is_of_server=True,
            sees=allowed.view_channel,
            reads_history=allowed.read_message_history,
            manages_messages=allowed.manage_messages,
            moves_members=allowed.move_members,
            is_present=whereabouts(self.interaction.user) == channel_id,
            manages_server=manages_server(self.interaction),
        )

    async def _allowed(self, channel_id: int) -> discord.Permissions:
        """Their permissions at a place of this server; none if they cannot see it."""
        if channel_id not in self._known:
            self._known[channel_id] = await self._look_up(channel_id)
        return self._known[channel_id]

    async def _look_up(self, channel_id: int) -> discord.Permissions:
        if channel_id == self.interaction.channel_id:  # Discord let them act there
            return self.interaction.permissions
        guild, member = server_of(self.interaction), self.interaction.user
        if guild is None or not isinstance(member, discord.Member):
            return _NOWHERE
        place = await find_place(guild, channel_id)
        if place is None:  # it is gone, or a private thread that the bot cannot see
            held = _by_roles(self.interaction)
            return held if held.administrator else _NOWHERE
        return await allowed_at(place, member)


def shown_in(job: Job) -> int:
    """The channel or thread in which a job is shown."""
    return address_of(job).channel_id


async def find_place(guild: discord.Guild, channel_id: int) -> Place | None:
    """A channel or thread of a server; None if it is gone or the bot cannot see it.

    Discord does not announce archived threads to bots, so these are fetched.
    """
    found = guild.get_channel_or_thread(channel_id)
    if found is not None:
        return found
    try:
        channel = await guild.fetch_channel(channel_id)
    except (discord.NotFound, discord.Forbidden, discord.InvalidData):
        return None
    return channel if isinstance(channel, discord.Thread) else None


async def allowed_at(place: Place, member: discord.Member) -> discord.Permissions:
    """A member's permissions at a place; none if they cannot see it.

    A private thread is visible to its members, and to those who manage threads. The chat of a voice
    channel is visible to those who may connect to it.
    """
    try:
        allowed = place.permissions_for(member)
    except discord.ClientException:  # a thread whose channel is gone
        return _NOWHERE
    is_shut = isinstance(place, Vocal) and not allowed.connect
    if is_shut or not (allowed.view_channel and await _is_in(place, member, allowed)):
        return _NOWHERE
    return allowed


async def _is_in(place: Place, member: discord.Member, allowed: discord.Permissions) -> bool:
    if not isinstance(place, discord.Thread) or not place.is_private() or allowed.manage_threads:
        return True
    try:
        await place.fetch_member(member.id)
    except (discord.HTTPException, OSError):  # not a member, or unknown at the moment
        return False
    return True


def whereabouts(user: discord.User | discord.Member) -> int | None:
    """The voice channel that a person is in."""
    if isinstance(user, discord.Member) and user.voice is not None and user.voice.channel:
        return user.voice.channel.id
    return None


def manages_server(interaction: discord.Interaction[Any]) -> bool:
    """Whether their roles let them manage this server; overwrites of one channel do not count."""
    return _by_roles(interaction).manage_guild


def relation_to_server(interaction: discord.Interaction[Any]) -> Relation:
    """Their relation to the server where they are, for its settings and costs."""
    is_here = server_id_of(interaction) is not None
    return Relation(is_of_server=is_here, manages_server=is_here and manages_server(interaction))


def for_who_may(right: Right) -> Callable[[_T], _T]:
    """Restrict a command about the whole server to those who have the right.

    discord.py's own check asks for the permissions in the channel where the command was used.
    """

    def check(interaction: discord.Interaction[Any]) -> bool:
        if not may(right, relation_to_server(interaction)):
            raise app_commands.MissingPermissions(["manage_guild"])
        return True

    return app_commands.check(check)


def _by_roles(interaction: discord.Interaction[Any]) -> discord.Permissions:
    member, guild = interaction.user, interaction.guild
    is_known = guild is not None and guild.default_role is not None
    if not is_known or not isinstance(member, discord.Member):
        return _NOWHERE
    return member.guild_permissions
