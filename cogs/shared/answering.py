"""The first visible word on a question, and the answer that grows out of it.

It is given when the job is in the journal. Written the other way round, a process that dies between
the two leaves somebody with a working line that nobody will ever change. So the journal first holds
how the answer can be found (the interaction's token, which is good for 15 minutes), and once it is
there, the number of its message instead. With the token anybody could speak for the bot there, so
it is kept apart from all that people may see of a job (`bot.store.tables.jobs`).

Discord waits for three seconds only. What takes longer, such as a large file, is answered before.
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
from cogs.shared.error_messages import ALREADY_ANSWERED, TOKEN_IS_DEAD, explain
from cogs.shared.live import NO_MESSAGE, LiveMessage
from cogs.shared.page import Page
from cogs.shared.patience import is_passing, persist
from cogs.shared.reply import Reply, may_write
from cogs.shared.requester import words_of

LATEST_ANSWER_S: Final = 1.5
"""A command that is not in the journal by then is answered all the same."""


@dataclass(slots=True)
class FirstLine:
    """The working line of an answer, shown at most once.

    Attributes:
        live: The answer, whose first message it is.
        post: Posts it; gives the message's id.
    """

    live: LiveMessage
    post: Callable[[], Awaitable[int]]
    _posting: asyncio.Task[None] | None = field(default=None, init=False)

    async def show(self) -> None:
        """See that it is there.

        Raises:
            TooLate: Discord waits for it no more.
            discord.HTTPException: It refuses it.
        """
        if self._posting is None:
            self._posting = asyncio.ensure_future(self._post())
        await asyncio.shield(self._posting)

    @contextlib.asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """Show it at the latest so late in the block that Discord still takes it."""
        timer = asyncio.ensure_future(self._show_later())
        try:
            yield
        finally:
            timer.cancel()

    async def _post(self) -> None:
        self.live.begin_at(await self.post())

    async def _show_later(self) -> None:
        await asyncio.sleep(LATEST_ANSWER_S)
        with contextlib.suppress(SkydeckError, discord.HTTPException, OSError):
            await self.show()  # whoever shows it next is told why not


async def find_line(
    bot: SkyDeck, job: Job, live: LiveMessage
) -> tuple[LiveMessage, FirstLine | None] | None:
    """The answer to a command that another process had begun; None when nobody waits for it.

    With it comes its first line, when the journal does not know of that yet.

    Raises:
        OSError, TimeoutError: Discord does not answer now.
    """
    if live.message_id != NO_MESSAGE or job.stage is JobStage.UNDELIVERED:
        return live, None
    found = await find_answer(bot, job)
    if found is None:
        return None
    live.begin_at(found)
    return live, shown_line(live)


def shown_line(live: LiveMessage) -> FirstLine:
    """One that another process has posted."""

    async def there() -> int:
        return live.message_id

    return FirstLine(live, there)


def first_line(
    bot: SkyDeck, interaction: discord.Interaction[Any], requester: Requester
) -> FirstLine:
    """The public working line with which a command will be answered."""
    words = words_of(requester)
    live = live_reply(bot, interaction, requester, NO_MESSAGE)
    return FirstLine(live, lambda: answer_in_time(interaction, words))


async def answer_in_time(interaction: discord.Interaction[Any], words: Words) -> int:
    """The working line.

    Raises:
        TooLate: Discord waits for it no more.
        discord.HTTPException: It refuses it.
    """
    try:
        return await working_message(interaction, words)
    except discord.HTTPException as e:
        if e.code in TOKEN_IS_DEAD:
            raise TooLate() from e
        raise


async def find_answer(bot: SkyDeck, job: Job) -> int | None:
    """The answer that another process has given; None when there is none, and nobody waits.

    Discord itself has told the person then that the application did not respond.

    Raises:
        OSError, TimeoutError: Discord does not answer now.
    """
    if job.reply_token is None or bot.application_id is None:
        return None
    webhook = discord.Webhook.partial(bot.application_id, job.reply_token, client=bot)
    try:
        # discord.py passes the word on as it is; only its annotation is narrower
        answer = await persist(lambda: webhook.fetch_message("@original"))  # type: ignore[arg-type]
    except discord.HTTPException:
        return None
    return answer.id


async def working_message(interaction: discord.Interaction[Any], words: Words) -> int:
    """Answer a command with a public working line, and give that message's id.

    One request, so the job can be sent as soon as Discord has taken it: deferring first would
    cost two more before the message's id is known.

    Raises:
        discord.HTTPException: Discord refused it, or the three seconds are over.
    """
    try:
        answer = await interaction.response.send_message(words("common.working"))
    except Exception as e:
        if isinstance(e, discord.HTTPException) and not _may_have_arrived(e):
            raise
        return await _own_answer(interaction, e)
    if answer.message_id is None:
        raise AssertionError("a response with a message has the message's id")
    return answer.message_id


def _may_have_arrived(error: discord.HTTPException) -> bool:
    """Whether an answer that failed may stand there all the same.

    discord.py repeats what failed with 5xx, and is told then that it has been given already.
    """
    return is_passing(error) or error.code == ALREADY_ANSWERED


async def _own_answer(interaction: discord.Interaction[Any], error: Exception) -> int:
    """The answer that was given, when what Discord said to it got lost or cannot be read.

    Raises:
        discord.HTTPException, OSError, TimeoutError: There is none, or Discord does not say so.
    """
    try:
        return (await persist(interaction.original_response)).id
    except discord.HTTPException:
        raise error from None


def live_reply(
    bot: SkyDeck, interaction: discord.Interaction[Any], requester: Requester, message_id: int
) -> LiveMessage:
    """The answer to a command, which may have been used where the bot cannot write."""
    return LiveMessage(
        bot,
        requester.channel_id,
        message_id,
        requester.user_id,
        words=words_of(requester),
        reply=Reply(interaction, bot.clock),
        is_shut=not may_write(interaction),
    )


async def working_line(
    bot: SkyDeck, interaction: discord.Interaction[Any], requester: Requester
) -> LiveMessage:
    """Answer a command with a public working line, in place of which the answer will stand.

    Raises:
        discord.HTTPException: Discord refused it, or the three seconds are over.
    """
    message_id = await working_message(interaction, words_of(requester))
    return live_reply(bot, interaction, requester, message_id)


async def give_reason(live: LiveMessage, error: Exception, words: Words) -> None:
    """In place of an answer that was not begun: why. Nothing was paid, so it need not be kept.

    Raises:
        OSError, TimeoutError: Discord does not answer.
    """
    try:
        await live.settle(Page(text=explain(error, words).text))
    except Undeliverable:
        return  # the log has it
