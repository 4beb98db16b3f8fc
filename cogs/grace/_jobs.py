"""Runs a job for a person: placeholder message, input, request, result."""

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import discord

from bot.contract import Request, Service
from bot.discord_client import SkyDeck
from bot.errors import MissingPermission
from bot.i18n import Words
from bot.jobs.view import Requester
from cogs.grace._job_view import make_view
from cogs.grace._pages import Look
from cogs.grace._text_sources import SourceText
from cogs.shared.answering import command_placeholder
from cogs.shared.live import NO_MESSAGE
from cogs.shared.splitting import disarm

_TITLE_CHARS: Final = 80

Fetch = Callable[[], Awaitable[SourceText]]
Ask = Callable[[SourceText], Awaitable[Request]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What to do for a person.

    Attributes:
        title: The job's title, in their language.
        service: The service that runs it.
        fetch: Reads the input.
        ask: Makes the request from the input.
        is_json: Whether the result is a JSON value.
        nothing: The key of the text for an empty result.
    """

    title: str
    service: Service
    fetch: Fetch
    ask: Ask
    is_json: bool = False
    nothing: str = "grace.no_answer"


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
    _check_own(interaction)
    begun = bot.clock.wall()
    placeholder = command_placeholder(bot, interaction, requester)
    try:
        async with placeholder.in_time():
            source_text = await task.fetch()
            request = await task.ask(source_text)
            look = Look(
                heading=_heading(task.title, source_text),
                service=task.service,
                begun=begun,
                is_json=task.is_json,
                nothing=task.nothing,
                may_attach=interaction.app_permissions.attach_files or interaction.guild_id is None,
            )
            view = make_view(bot, requester, placeholder, look)
            await bot.runner.perform(
                request,
                requester=requester,
                place=view.place,
                title=f"{task.title} · {source_text.name}"[:_TITLE_CHARS],
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


def _heading(title: str, source: SourceText) -> str:
    name = disarm(discord.utils.escape_markdown(source.name[:_TITLE_CHARS]))
    return "\n".join([f"**{title}** · {name}", *source.notes])


def _check_own(interaction: discord.Interaction[SkyDeck]) -> None:
    """Check that the bot can still post here after the interaction has expired."""
    if interaction.guild_id is None:
        return
    may = interaction.app_permissions
    needed = ["view_channel", "send_messages", "read_message_history"]
    if isinstance(interaction.channel, discord.Thread):
        needed[1] = "send_messages_in_threads"
    lacking = tuple(name for name in needed if not getattr(may, name))
    if lacking:
        raise MissingPermission(lacking)


def title_of(words: Words, module_name: str, otherwise: str) -> str:
    """The title of a module's result."""
    key = f"grace.module.{module_name.lower()}.title"
    return words(key) if words.has(key) else otherwise
