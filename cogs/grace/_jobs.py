"""Runs a job for a person: placeholder message, input, request, and the message that shows it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Final

import discord

from bot.contract import Request, Response, Service
from bot.discord_client import SkyDeck
from bot.errors import SkydeckError
from bot.i18n import Words
from bot.jobs.place import ASKED_BY_MESSAGE, QUESTION, Snowflake, stored_as
from bot.jobs.view import Requester
from bot.runpod.models import Update
from bot.store.repositories.recovery import Job
from cogs.grace._pages import Look, Progress, failed, finished, under_way
from cogs.shared.answering import command_placeholder
from cogs.shared.error_messages import explain
from cogs.shared.files import notes_of
from cogs.shared.follow_up_buttons import follow_up_view, offers_of
from cogs.shared.gone import is_gone
from cogs.shared.job_message import JobMessage, MessageView
from cogs.shared.live import NO_MESSAGE
from cogs.shared.page import Page
from cogs.shared.permissions import require_posting
from cogs.shared.presence import is_private
from cogs.shared.requester import words_of
from cogs.shared.said import SourceText
from cogs.shared.splitting import as_plain_text

_TITLE_CHARS: Final = 100
_SOURCE_CHARS: Final = 160

Fetch = Callable[[], Awaitable[SourceText]]
Ask = Callable[[SourceText], Awaitable[Request]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to do for a person.

    Attributes:
        title: The job's title, in their language.
        ask: Makes the request from the input.
        is_json: Whether the result is a JSON value.
        nothing: The key of the text for an empty result.
        wants_json: Whether the result is to come as a JSON file, too.
    """

    title: str
    service: Service
    fetch: Fetch
    ask: Ask
    is_json: bool = False
    nothing: str = "grace.no_answer"
    wants_json: bool = False


async def run_task(
    bot: SkyDeck, interaction: discord.Interaction[SkyDeck], requester: Requester, task: Task
) -> None:
    """Respond to an interaction with a job, and follow the job to its end.

    The placeholder message is posted when the job is in the journal, or earlier if reading the
    input takes too long for Discord. If the input is unusable, the placeholder is deleted and only
    the person sees the reason.

    Raises:
        MissingPermission: The bot cannot post here; no response was sent.
        SkydeckError: The job did not start.
    """
    files = ("attach_files",) if task.wants_json else ()
    require_posting(interaction, "read_message_history", *files)
    words, begun = words_of(requester), bot.clock.wall()
    placeholder = command_placeholder(bot, interaction, requester)
    try:
        async with placeholder.in_time():
            source_text = await task.fetch()
            request = await task.ask(source_text)
            look = Look(
                heading=heading_of(task.title, source_text, words),
                service=task.service,
                begun=begun,
                is_json=task.is_json,
                nothing=task.nothing,
                wants_json=task.wants_json,
                may_attach=interaction.app_permissions.attach_files or is_private(interaction),
            )
            place = GraceMessage.at(placeholder.live, requester, look, begun=begun)
            view = GraceJobView(bot, place, placeholder.live, placeholder)
            await bot.runner.perform(
                request,
                requester=requester,
                place=place,
                title=f"{task.title} · {source_text.called(words)}"[:_TITLE_CHARS],
                view=view,
                reply_token=interaction.token,
                interaction_id=interaction.id,
                is_shown=False,
            )
    except Exception:
        if placeholder.live.message_id != NO_MESSAGE:
            with contextlib.suppress(discord.HTTPException):
                await interaction.delete_original_response()
        raise


def heading_of(title: str, source: SourceText, words: Words) -> str:
    """A job's heading: its title and its input, as Markdown."""
    name = as_plain_text(source.called(words)[:_SOURCE_CHARS])
    return "\n".join([f"**{title}** · {name}", *source.notes])


def title_of(words: Words, module_name: str, otherwise: str) -> str:
    """The title of a module's result."""
    key = f"grace.module.{module_name.lower()}.title"
    return words(key) if words.has(key) else otherwise


# -- how the job is shown ---------------------------------------------------------------------


class GraceMessage(Look, JobMessage):
    """The place of one of Grace's or Penny's jobs.

    Attributes:
        question_id: The message that asked for it in a sentence; 0: a command did.
        is_message: Whether a message asked for it.
    """

    kind: str = "grace"
    question_id: Annotated[Snowflake, stored_as(QUESTION)] = 0
    is_message: Annotated[bool, stored_as(ASKED_BY_MESSAGE)] = False


@dataclass(slots=True)
class GraceJobView(MessageView[GraceMessage]):
    """Shows a job in one message, with a Cancel button while it works."""

    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.progress = Progress(grows=self.place.service is Service.PENNY)

    async def question_is_gone(self, job: Job) -> bool:
        """Ask Discord whether the message that asked for it is gone."""
        place = self.place
        if not place.is_message:
            return await MessageView.question_is_gone(self, job)
        channel = self.bot.get_partial_messageable(place.channel_id)
        return await is_gone(lambda: channel.fetch_message(place.question_id))

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
            finished,
            self.place,
            response,
            self.words,
            self.bot.clock.wall(),
            notes_of(response, self.words),
        )
        follow_ups = await self._follow_ups(response)
        await self.live.settle(Page(text=shown.text, files=shown.files, view=follow_ups))

    async def _follow_ups(self, response: Response) -> discord.ui.View | None:
        """The buttons under the result; a copy for one person alone has none."""
        if self.live.is_copy:
            return None
        offers = await offers_of(self.bot, self.journal_id, response)
        return follow_up_view(self.journal_id, offers, self.words) if offers else None

    async def failed(self, error: SkydeckError) -> None:
        """Say why there is none."""
        if await self.told_alone(error):
            await self.live.withdraw()
            return
        text = failed(self.place, explain(error, self.words).text)
        await self.live.settle(Page(text=text))
