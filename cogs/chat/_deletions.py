"""Forgets what was deleted in Discord, and stops the jobs that were asked for there."""

from collections.abc import Callable, Collection
from typing import cast

import discord
from discord.ext import commands

from bot.discord_client import SkyDeck
from bot.jobs.place import address_of, question_at
from cogs.chat._acting import Acts
from cogs.chat._views import COG
from cogs.chat._waiting import Waiting
from cogs.shared.forgetting import forget_messages, withdraw_jobs


class Deletions(commands.Cog):
    """Follows deleted messages, threads and channels.

    What is gone is noted before anything is awaited: a message that is still being handled then
    finds out for itself (`SkyDeck.deleted`).
    """

    def __init__(self, bot: SkyDeck) -> None:
        self.bot = bot

    @commands.Cog.listener()
    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        """A message was deleted."""
        await self._forget_messages({payload.message_id})

    @commands.Cog.listener()
    async def on_raw_bulk_message_delete(self, payload: discord.RawBulkMessageDeleteEvent) -> None:
        """Many messages were deleted."""
        await self._forget_messages(payload.message_ids)

    @commands.Cog.listener()
    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        """A thread was deleted, alone or with its channel."""
        await self._forget_channel(payload.thread_id)

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """A channel was deleted."""
        await self._forget_channel(channel.id)

    async def _forget_messages(self, gone: Collection[int]) -> None:
        self.bot.deleted.messages.add(gone)
        await self._call_off(lambda waiting: not waiting.shown_in.isdisjoint(gone))
        await forget_messages(self.bot, gone)

    async def _forget_channel(self, channel_id: int) -> None:
        """Forget what was said in a channel or thread, and stop the jobs asked for there."""
        self.bot.deleted.channels.add({channel_id})
        self.bot.runner.withdraw(lambda running: running.channel_id == channel_id)
        await self._call_off(lambda waiting: waiting.live.channel_id == channel_id)
        memory = self.bot.store.conversations
        await memory.delete_conversation(channel_id)
        asked = await self.bot.store.jobs.asked_in(channel_id)
        questions = {question_at(job.place) or 0 for job in asked}
        await memory.delete(questions | {address_of(job).message_id for job in asked})
        await withdraw_jobs(self.bot, asked)

    async def _call_off(self, is_gone: Callable[[Waiting], bool]) -> None:
        """Ask nobody any more about an action of which the request is gone."""
        cog = self.bot.get_cog(COG)
        if cog is not None:
            await cast("Acts", cog).acting.questions.forget(is_gone)
