"""Shows a build: its progress while it runs, then its result."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field

import discord

from bot.contract import Response
from bot.contract.factory import read_build
from bot.discord_client import SkyDeck
from bot.errors import JobCancelled, SkydeckError
from bot.i18n import Words
from bot.jobs.build_queue import BuildQueue
from bot.jobs.place import JobPlace
from bot.jobs.view import Requester
from bot.runpod.models import Update
from cogs.factory._embeds import ended_without, finished, iteration_in_words, plain, under_way
from cogs.factory._files import Parcel, json_file, pack, text_file
from cogs.factory._plan import Plan
from cogs.factory._progress import Progress
from cogs.factory._thread import TROUBLE, open_thread
from cogs.factory._views import Action, buttons
from cogs.shared.answering import Placeholder
from cogs.shared.error_messages import explain
from cogs.shared.job_message import JobMessage, MessageView
from cogs.shared.live import LiveMessage
from cogs.shared.page import Page

log = logging.getLogger(__name__)


class FactoryMessage(Plan, JobMessage):
    """The place of a build."""

    kind: str = "factory"


@dataclass(slots=True)
class FactoryJobView(MessageView[FactoryMessage]):
    """Shows a build in one message, for which it may open a thread.

    Attributes:
        queue: Knows the position of a build that waits.
    """

    queue: BuildQueue = field(kw_only=True)
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.progress = Progress(self.place.limit)

    async def started(self, journal_id: int) -> JobPlace | None:
        """Post the placeholder, and move to a thread if the build gets one."""
        await MessageView.started(self, journal_id)
        if self.place.opens_thread:
            await self._move()
        return self._note_place()

    def update(self, update: Update) -> None:
        """Follow the build's progress."""
        self.progress.take(update)

    def step(self, words: Words) -> str:
        """The build's present iteration."""
        return iteration_in_words(self.progress, words) if self.progress.number else ""

    async def refresh(self) -> None:
        """Show the present state."""
        await self.live.refresh(Page(embeds=(self._state(),), view=self.controls))

    async def done(self, response: Response) -> None:
        """Show the result and its quality."""
        parcel = await asyncio.to_thread(_parcel, response)
        self.progress.is_delivering = True
        with contextlib.suppress(*TROUBLE):
            await self.refresh()
        embed = finished(
            self.place,
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
        is_told = await self.told_alone(error)  # its thread is there already
        why = self.words("factory.not_begun") if is_told else explain(error, self.words).text
        embed = ended_without(
            self.place,
            self.progress,
            why,
            self.words,
            now=self.bot.clock.wall(),
            is_wanted=isinstance(error, JobCancelled),
        )
        view = buttons(self.journal_id, self.words, Action.AGAIN) if self.journal_id else None
        await self.live.settle(Page(embeds=(embed,), view=view))

    def _state(self) -> discord.Embed:
        turn = self.queue.place(self.journal_id)
        return under_way(self.place, self.progress, turn, self.words)

    def _make_controls(self) -> discord.ui.View:
        return buttons(self.journal_id, self.words, Action.CANCEL)

    async def _move(self) -> None:
        """Open the thread and move there; if that fails, stay."""
        home, place = self.live, self._note_place(opens_thread=False)
        try:
            opened = await open_thread(self.bot, home, place.guild_id, place.title, self._state())
        except TROUBLE as e:
            log.warning("no thread for job %d: %s", self.journal_id, type(e).__name__)
            is_refused = isinstance(e, discord.Forbidden)
            self._note_place(lacks_thread=is_refused)
            return
        self.live = LiveMessage(
            self.bot,
            opened.thread_id,
            opened.message_id,
            place.user_id,
            words=self.words,
            nonces=home.nonces,
            home_id=home.channel_id,
        )
        pointer = self.words(
            "factory.moved",
            title=plain(place.title, 100),
            who=f"<@{place.user_id}>",
            thread=f"<#{opened.thread_id}>",
        )
        with contextlib.suppress(*TROUBLE):
            await home.refresh(Page(text=pointer))


def make_view(
    bot: SkyDeck,
    queue: BuildQueue,
    requester: Requester,
    plan: Plan,
    live: LiveMessage,
    placeholder: Placeholder | None = None,
) -> FactoryJobView:
    """The view of a build that is about to begin."""
    place = FactoryMessage.at(live, requester, plan, begun=plan.begun)
    return FactoryJobView(bot, place, live, placeholder, queue=queue)


def _parcel(response: Response) -> Parcel:
    build = read_build(response)
    if build is not None:
        return pack(build.files)
    if response.text.strip():
        return text_file(response.text)
    data = response.output.data if response.output is not None else None
    return Parcel() if data in (None, "") else json_file(data)
