"""Forgets what was deleted in Discord, and stops the jobs that were asked for there."""

from collections.abc import Collection, Iterable

import discord
from discord.ext import commands

from bot.discord_client import SkyDeck
from bot.jobs.view import address_of
from bot.store.repositories.recovery import Job
from cogs.chat._job_message import question_at, question_of


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
        """Forget messages; stop the jobs that answer them, in whichever process those run.

        A question that only points at one of them has its words, and is forgotten with it.
        """
        self.bot.deleted.messages.add(gone)
        self.bot.runner.withdraw(lambda running: question_at(running.place) in gone)
        memory, journal = self.bot.store.conversations, self.bot.store.jobs
        pointing = await memory.holding(gone)
        if pointing:
            gone = {*gone, *pointing}
            self.bot.runner.withdraw(lambda running: question_at(running.place) in pointing)
        people = await memory.who_asked(gone)
        await memory.delete(gone)
        for person in people:
            theirs = await journal.listing(user_id=person)
            await self._withdraw(job for job in theirs if question_of(job) in gone)

    async def _forget_channel(self, channel_id: int) -> None:
        """Forget what was said in a channel or thread, and stop the jobs asked for there."""
        self.bot.deleted.channels.add({channel_id})
        self.bot.runner.withdraw(lambda running: running.channel_id == channel_id)
        memory = self.bot.store.conversations
        await memory.delete_conversation(channel_id)
        asked = await self.bot.store.jobs.asked_in(channel_id)
        questions = {question_of(job) or 0 for job in asked}
        await memory.delete(questions | {address_of(job).message_id for job in asked})
        await self._withdraw(asked)

    async def _withdraw(self, jobs: Iterable[Job]) -> None:
        """Stop those that still run, and forget the words of all."""
        asked = list(jobs)
        for job in asked:
            if job.ending is None:
                await self.bot.remote_jobs.withdraw(job)
        await self.bot.store.jobs.forget_words([job.journal_id for job in asked])
