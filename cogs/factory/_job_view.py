"""The message of a build: its progress while it runs, and then its result."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

import discord
from pydantic import JsonValue

from bot.contract import Response
from bot.contract.factory import read_build
from bot.discord_client import SkyDeck
from bot.errors import JobCancelled, SkydeckError
from bot.i18n import Words, words_for
from bot.jobs.build_queue import BuildQueue
from bot.runpod.models import Update
from bot.store.repositories.recovery import Job, JobStage
from cogs.factory._embeds import ended_without, finished, plain, under_way
from cogs.factory._files import Parcel, json_file, pack, text_file
from cogs.factory._plan import Plan
from cogs.factory._progress import Progress
from cogs.factory._thread import TROUBLE, open_thread
from cogs.factory._views import Action, buttons
from cogs.shared.answering import find_answer
from cogs.shared.error_messages import explain
from cogs.shared.live import NO_MESSAGE, LiveMessage, live_at
from cogs.shared.page import Page

log = logging.getLogger(__name__)


@dataclass(slots=True)
class FactoryJobView:
    """A `bot.voice_agent.Show` in one message, which a thread may be opened for.

    Attributes:
        bot: Whose clock counts the time.
        turns: Knows the place of a build that waits.
        plan: What it is about.
        live: The message.
        progress: How far it has come.
        journal_id: Its number; 0 before it has one.
        view: Its buttons.
        answer: Gives the first answer, whose message it is to be; None when that was given.
    """

    bot: SkyDeck
    turns: BuildQueue
    plan: Plan
    live: LiveMessage
    progress: Progress
    journal_id: int = 0
    view: discord.ui.View | None = None
    answer: Callable[[], Awaitable[int]] | None = None

    @property
    def words(self) -> Words:
        """The person's language."""
        return words_for(self.plan.locale)

    async def started(self, journal_id: int) -> Mapping[str, JsonValue] | None:
        """The job is in the journal: from here on it is shown, in its thread if it gets one."""
        self.journal_id = journal_id
        self.view = buttons(journal_id, self.words, Action.CANCEL)
        if self.answer is not None:
            self.live.begin_at(await self.answer())
        if self.plan.opens_thread:
            await self._move()
        return place_of(self.plan, self.live)

    def update(self, update: Update) -> None:
        """Something new."""
        self.progress.take(update)

    async def refresh(self) -> None:
        """Show the present state."""
        await self.live.refresh(Page(embeds=(self._state(),), view=self.view))

    async def done(self, response: Response) -> None:
        """Show the result, and how good it is."""
        parcel = await asyncio.to_thread(_parcel, response)
        self.progress.is_delivering = True
        with contextlib.suppress(*TROUBLE):
            await self.refresh()
        embed = finished(
            self.plan,
            self.progress,
            response,
            self.words,
            now=self.bot.clock.wall(),
            left_out=parcel.left_out,
        )
        next_steps = (Action.REFINE, Action.AGAIN) if parcel.files else (Action.AGAIN,)
        view = buttons(self.journal_id, self.words, *next_steps)
        await self.live.settle(Page(embeds=(embed,), view=view, files=parcel.files))

    async def failed(self, error: SkydeckError) -> None:
        """Say why there is no result."""
        embed = ended_without(
            self.plan,
            self.progress,
            explain(error, self.words).text,
            self.words,
            now=self.bot.clock.wall(),
            is_wanted=isinstance(error, JobCancelled),
        )
        view = buttons(self.journal_id, self.words, Action.AGAIN) if self.journal_id else None
        await self.live.settle(Page(embeds=(embed,), view=view))

    def _state(self) -> discord.Embed:
        place = self.turns.place(self.journal_id)
        return under_way(self.plan, self.progress, place, self.words)

    async def _move(self) -> None:
        """Open the thread and go there; where that fails, stay."""
        home = self.live
        self.plan = replace(self.plan, opens_thread=False)
        try:
            opened = await open_thread(
                self.bot, self.plan, home.channel_id, home.message_id, self._state(), home.nonces
            )
        except TROUBLE as e:
            log.warning("no thread for job %d: %s", self.journal_id, type(e).__name__)
            is_refused = isinstance(e, discord.Forbidden)
            self.plan = replace(self.plan, lacks_thread=is_refused)
            return
        self.live = LiveMessage(
            self.bot,
            opened.thread_id,
            opened.message_id,
            self.plan.user_id,
            words=self.words,
            nonces=home.nonces,
            home_id=home.channel_id,
        )
        pointer = self.words(
            "factory.moved",
            title=plain(self.plan.title, 100),
            who=f"<@{self.plan.user_id}>",
            thread=f"<#{opened.thread_id}>",
        )
        with contextlib.suppress(*TROUBLE):
            await home.refresh(Page(text=pointer))


def make_show(bot: SkyDeck, turns: BuildQueue, plan: Plan, live: LiveMessage) -> FactoryJobView:
    """The face of a build."""
    return FactoryJobView(bot, turns, plan, live, Progress(plan.limit))


def place_of(plan: Plan, live: LiveMessage) -> dict[str, JsonValue]:
    """What the journal is to know of it."""
    return {
        **plan.to_place(live.channel_id, live.message_id),
        "nonces": live.nonces.seed,
        "home": None if live.home_id is None else str(live.home_id),
    }


async def revive(bot: SkyDeck, turns: BuildQueue, job: Job) -> FactoryJobView | None:
    """The face of a build that another process had begun; None when nobody can have seen it.

    Raises:
        KeyError, ValueError: Its place is not ours.
        OSError, TimeoutError: Discord does not answer now.
    """
    plan = Plan.of_place(job.place)
    message_id = int(str(job.place["message"])) or await find_answer(bot, job)
    if message_id is None:
        if job.stage is not JobStage.UNDELIVERED:
            return None
        message_id = NO_MESSAGE
    live = live_at(bot, {**job.place, "message": str(message_id)}, plan.user_id)
    show = make_show(bot, turns, plan, live)
    show.journal_id = job.journal_id
    show.view = buttons(job.journal_id, show.words, Action.CANCEL)
    return show


def _parcel(response: Response) -> Parcel:
    build = read_build(response)
    if build is not None:
        return pack(build.files)
    if response.text.strip():
        return text_file(response.text)
    data = response.output.data if response.output is not None else None
    return Parcel() if data in (None, "") else json_file(data)
