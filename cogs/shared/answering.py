"""The placeholder message of an answer, and the recovery of an answer after a crash.

The placeholder is posted after the job is in the journal. In the other order, a process that dies
in between would leave a placeholder that nothing ever replaces. The journal therefore first holds
the interaction's token, which finds the answer for 15 minutes, and then the message's id. Anyone
with the token can speak for the bot, so it is kept apart from everything that people may see of a
job (`bot.store.tables.jobs`).

Discord waits for only three seconds, so slow steps, such as reading a large file, come after the
placeholder.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import discord

from bot.discord_client import SkyDeck
from bot.errors import SkydeckError, TooLate
from bot.i18n import Words
from bot.jobs.view import Requester, Undeliverable
from bot.store.repositories.recovery import Job, JobStage
from cogs.shared.discord_retry import is_passing, persist
from cogs.shared.error_messages import ALREADY_ANSWERED, TOKEN_IS_DEAD, explain
from cogs.shared.live import NO_MESSAGE, LiveMessage
from cogs.shared.page import Page
from cogs.shared.permissions import may_write
from cogs.shared.presence import answers_alone
from cogs.shared.reply import ORIGINAL, Reply
from cogs.shared.requester import words_of

LATEST_ANSWER_S: Final = 1.5
"""A command that is not in the journal by then gets its placeholder anyway."""


@dataclass(slots=True)
class Placeholder:
    """An answer's placeholder message, posted at most once.

    Attributes:
        live: The answer, whose first message it is.
        post: Posts it, and returns the message's id.
    """

    live: LiveMessage
    post: Callable[[], Awaitable[int]]
    _posting: asyncio.Task[None] | None = field(default=None, init=False)

    async def show(self) -> None:
        """Post it, unless it is posted already.

        Raises:
            TooLate: Discord has stopped waiting.
            discord.HTTPException: Discord refuses it.
        """
        if self._posting is None:
            self._posting = asyncio.ensure_future(self._post())
        await asyncio.shield(self._posting)

    @contextlib.asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """Post it during the block, just before Discord would stop waiting."""
        timer = asyncio.ensure_future(self._show_later())
        try:
            yield
        finally:
            timer.cancel()

    async def settled(self) -> None:
        """Wait until it is posted or refused, if it is being posted now."""
        if self._posting is not None:
            await asyncio.gather(self._posting, return_exceptions=True)

    async def _post(self) -> None:
        self.live.begin_at(await self.post())

    async def _show_later(self) -> None:
        await asyncio.sleep(LATEST_ANSWER_S)
        with contextlib.suppress(SkydeckError, discord.HTTPException, OSError):
            await self.show()  # the next caller of `show` gets the error


async def find_placeholder(
    bot: SkyDeck, job: Job, live: LiveMessage
) -> tuple[LiveMessage, Placeholder | None] | None:
    """The answer to a command of another process, for recovery; None if nobody waits for it.

    It comes with its placeholder, if the journal does not have the message's id yet.

    Raises:
        OSError, TimeoutError: Discord does not answer now.
    """
    webhook = _webhook_of(bot, job)
    if webhook is not None and live.is_shut:
        age_s = max(0.0, bot.clock.wall() - job.created_at_ms / 1000)
        live.reply = Reply(webhook, bot.clock, age_s)
    if live.message_id != NO_MESSAGE or job.stage is JobStage.UNDELIVERED:
        return live, None
    found = await find_answer(bot, job)
    if found is None:
        return None
    live.begin_at(found)
    return live, posted_placeholder(live)


def posted_placeholder(live: LiveMessage) -> Placeholder:
    """A placeholder that another process has posted."""

    async def there() -> int:
        return live.message_id

    return Placeholder(live, there)


def command_placeholder(
    bot: SkyDeck, interaction: discord.Interaction[Any], requester: Requester
) -> Placeholder:
    """The public placeholder of a command's answer."""
    words = words_of(requester)
    live = live_reply(bot, interaction, requester, NO_MESSAGE)
    return Placeholder(live, lambda: answer_in_time(interaction, words))


async def answer_in_time(interaction: discord.Interaction[Any], words: Words) -> int:
    """Post the placeholder of a command, and return its id.

    Raises:
        TooLate: Discord has stopped waiting.
        discord.HTTPException: Discord refuses it.
    """
    try:
        return await post_placeholder(interaction, words)
    except discord.HTTPException as e:
        if e.code in TOKEN_IS_DEAD:
            raise TooLate() from e
        raise


async def find_answer(bot: SkyDeck, job: Job) -> int | None:
    """The id of the answer that another process has posted; None if there is none.

    In that case Discord itself has told the person that the application did not respond.

    Raises:
        OSError, TimeoutError: Discord does not answer now.
    """
    webhook = _webhook_of(bot, job)
    if webhook is None:
        return None
    try:
        answer = await persist(lambda: webhook.fetch_message(ORIGINAL))
    except discord.HTTPException:
        return None
    return answer.id


def _webhook_of(bot: SkyDeck, job: Job) -> discord.Webhook | None:
    """The webhook of the interaction that asked for a job; None: nobody has its token any more."""
    if job.reply_token is None or bot.application_id is None:
        return None
    return discord.Webhook.partial(bot.application_id, job.reply_token, client=bot)


async def post_placeholder(interaction: discord.Interaction[Any], words: Words) -> int:
    """Respond to a command with a public placeholder, and return the message's id.

    This takes one request, so the job can be sent at once; deferring first would take two more
    before the message's id is known.

    Raises:
        discord.HTTPException: Discord refuses it, or the three seconds are over.
    """
    try:
        answer = await interaction.response.send_message(
            words("common.working"), ephemeral=answers_alone(interaction)
        )
    except Exception as e:
        if isinstance(e, discord.HTTPException) and not _may_have_arrived(e):
            raise
        return await _own_answer(interaction, e)
    if answer.message_id is None:
        raise AssertionError("a response with a message has the message's id")
    return answer.message_id


def _may_have_arrived(error: discord.HTTPException) -> bool:
    """Whether a response that failed may have arrived nevertheless.

    discord.py repeats a request that failed with 5xx; Discord then says that it was responded to.
    """
    return is_passing(error) or error.code == ALREADY_ANSWERED


async def _own_answer(interaction: discord.Interaction[Any], error: Exception) -> int:
    """The response, if Discord's confirmation of it was lost or unreadable.

    Raises:
        discord.HTTPException, OSError, TimeoutError: There is none, or Discord does not answer.
    """
    try:
        return (await persist(interaction.original_response)).id
    except discord.HTTPException:
        raise error from None


def live_reply(
    bot: SkyDeck, interaction: discord.Interaction[Any], requester: Requester, message_id: int
) -> LiveMessage:
    """The answer to a command; the bot may have no permission to post in the channel."""
    return LiveMessage(
        bot,
        requester.channel_id,
        message_id,
        requester.user_id,
        words=words_of(requester),
        reply=Reply(interaction, bot.clock),
        is_shut=not may_write(interaction),
    )


async def placeholder_reply(
    bot: SkyDeck, interaction: discord.Interaction[Any], requester: Requester
) -> LiveMessage:
    """Respond to a command with a public placeholder, which the answer replaces.

    Raises:
        discord.HTTPException: Discord refuses it, or the three seconds are over.
    """
    message_id = await post_placeholder(interaction, words_of(requester))
    return live_reply(bot, interaction, requester, message_id)


async def give_reason(live: LiveMessage, error: Exception, words: Words) -> None:
    """Show why an answer did not start. Nothing was paid, so the message may get lost.

    Raises:
        OSError, TimeoutError: Discord does not answer.
    """
    try:
        await live.settle(Page(text=explain(error, words).text))
    except Undeliverable:
        return  # the log has the reason
