"""The message of a job of Grace's or Penny's: its state while it works, and how it ended."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import discord
from pydantic import JsonValue

from bot.contract import Response, Service
from bot.discord_client import SkyDeck
from bot.errors import SkydeckError
from bot.i18n import Words, words_for
from bot.jobs.view import Requester
from bot.runpod.models import Update
from bot.store.repositories.recovery import Job
from cogs.grace._pages import Look, Progress, failed, finished, under_way
from cogs.shared.answering import FirstLine, find_line
from cogs.shared.error_messages import explain
from cogs.shared.live import LiveMessage, live_at
from cogs.shared.page import Page
from cogs.shared.stop_button import stop_view

KIND = "grace"
"""Our jobs in the journal."""


@dataclass(slots=True)
class GraceJobView:
    """A `bot.voice_agent.Show` in one message, with a Cancel button while it works.

    Attributes:
        bot: Whose clock counts the time.
        live: The message.
        look: What it is about.
        words: The person's language.
        progress: How far it has come.
        place: What the journal knows of it.
        line: Its first message, when that is still to be posted.
        view: The button, once the job has a number.
    """

    bot: SkyDeck
    live: LiveMessage
    look: Look
    words: Words
    progress: Progress
    place: Mapping[str, JsonValue]
    line: FirstLine | None = None
    view: discord.ui.View | None = None

    async def started(self, journal_id: int) -> Mapping[str, JsonValue] | None:
        """The job is in the journal."""
        self.view = stop_view(journal_id, self.words)
        if self.line is None:
            return None
        await self.line.show()
        return {**self.place, "message": str(self.live.message_id)}

    def update(self, update: Update) -> None:
        """Something new."""
        self.progress.take(update)

    async def refresh(self) -> None:
        """Show the present state."""
        text = under_way(self.look, self.progress, self.words, self.bot.clock.wall())
        await self.live.refresh(Page(text=text, view=self.view))

    async def done(self, response: Response) -> None:
        """Show the result."""
        # In a thread: a large JSON value takes a while.
        shown = await asyncio.to_thread(
            finished, self.look, response, self.words, self.bot.clock.wall()
        )
        await self.live.settle(Page(text=shown.text, files=shown.files))

    async def failed(self, error: SkydeckError) -> None:
        """Say why there is none."""
        text = failed(self.look, explain(error, self.words).text)
        await self.live.settle(Page(text=text))


def make_show(bot: SkyDeck, asker: Requester, line: FirstLine, look: Look) -> GraceJobView:
    """The face of a job that is about to begin."""
    place = place_of(asker, line.live, look)
    return GraceJobView(bot, line.live, look, words_for(asker.locale), _progress(look), place, line)


def place_of(asker: Requester, live: LiveMessage, look: Look) -> dict[str, JsonValue]:
    """What the journal is to know of it."""
    return {
        "kind": KIND,
        "channel": str(asker.channel_id),
        "message": str(live.message_id),
        "nonces": live.nonces.seed,
        "user": str(asker.user_id),
        "locale": asker.locale,
        **look.to_place(),
    }


async def revive(bot: SkyDeck, job: Job) -> GraceJobView | None:
    """The face of a job that another process had begun; None when nobody waits for it.

    Raises:
        KeyError, ValueError: Its place is not ours.
        OSError, TimeoutError: Discord does not answer now.
    """
    place = job.place
    found = await find_line(bot, job, live_at(bot, place, int(str(place["user"]))))
    if found is None:
        return None
    live, line = found
    look = Look.of_place(place)
    show = GraceJobView(bot, live, look, live.words, _progress(look), place, line)
    show.view = stop_view(job.journal_id, show.words)
    return show


def _progress(look: Look) -> Progress:
    return Progress(grows=look.service is Service.PENNY)
