"""Shows one of Grace's or Penny's jobs: its state while it runs, then its result."""

import asyncio
from dataclasses import dataclass, field

from bot.contract import Response, Service
from bot.discord_client import SkyDeck
from bot.errors import SkydeckError
from bot.jobs.view import Requester
from bot.runpod.models import Update
from cogs.grace._pages import Look, Progress, failed, finished, under_way
from cogs.shared.answering import Placeholder
from cogs.shared.error_messages import explain
from cogs.shared.job_message import JobMessage, MessageView
from cogs.shared.page import Page


class GraceMessage(Look, JobMessage):
    """The place of one of Grace's or Penny's jobs."""

    kind: str = "grace"


@dataclass(slots=True)
class GraceJobView(MessageView[GraceMessage]):
    """Shows a job in one message, with a Cancel button while it works."""

    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.progress = Progress(grows=self.place.service is Service.PENNY)

    def update(self, update: Update) -> None:
        """Follow the job's progress."""
        self.progress.take(update)

    async def refresh(self) -> None:
        """Show the present state."""
        text = under_way(self.place, self.progress, self.words, self.bot.clock.wall())
        await self.live.refresh(Page(text=text, view=self.controls))

    async def done(self, response: Response) -> None:
        """Show the result."""
        # In a thread: a large JSON value takes a while.
        shown = await asyncio.to_thread(
            finished, self.place, response, self.words, self.bot.clock.wall()
        )
        await self.live.settle(Page(text=shown.text, files=shown.files))

    async def failed(self, error: SkydeckError) -> None:
        """Say why there is none."""
        text = failed(self.place, explain(error, self.words).text)
        await self.live.settle(Page(text=text))


def make_view(
    bot: SkyDeck, requester: Requester, placeholder: Placeholder, look: Look
) -> GraceJobView:
    """The view of a job that is about to begin."""
    place = GraceMessage.at(placeholder.live, requester, look, begun=look.begun)
    return GraceJobView(bot, place, placeholder.live, placeholder)
