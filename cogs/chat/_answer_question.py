"""Asking Penny, and seeing her answer through in its message."""

from collections.abc import Sequence

import discord

from bot.contract import Context, Message, Request
from bot.contract.grace import task
from bot.contract.penny import converse
from bot.discord_client import SkyDeck
from bot.errors import SkydeckError
from bot.jobs.runner import Wanted
from bot.jobs.view import Requester
from cogs.chat._job_view import Thread, make_show
from cogs.chat._question import Question
from cogs.shared.answering import FirstLine, give_reason
from cogs.shared.live import NO_MESSAGE, LiveMessage
from cogs.shared.requester import words_of


async def ask(
    bot: SkyDeck,
    question: Question,
    said_before: Sequence[Message],
    asker: Requester,
    answer: LiveMessage | FirstLine,
    thread: Thread,
    *,
    interaction: discord.Interaction[SkyDeck] | None = None,
    is_wanted: Wanted | None = None,
) -> None:
    """Ask a question; a spoken one is answered aloud too. The rest is as of `perform`."""
    request = _request(bot, question, said_before, asker, thread)
    await perform(
        bot,
        request,
        question.title,
        asker,
        answer,
        thread,
        interaction=interaction,
        is_wanted=is_wanted,
    )


def _request(
    bot: SkyDeck,
    question: Question,
    said_before: Sequence[Message],
    asker: Requester,
    thread: Thread,
) -> Request:
    """For Penny, or for the module that a server has chosen for such questions."""
    module = bot.grace.get(thread.module)
    if module is not None:
        return task(module, question.text, source=asker.source)
    history = list(said_before)
    if question.is_spoken and question.text:  # written beside the recording
        history.append(Message(role="user", content=question.text, name=asker.user_name))
    return converse(
        question.said,
        source=asker.source,
        context=Context(history=history, locale=asker.locale, speaker=asker.user_name),
        params={"speak": question.is_spoken},
    )


async def perform(
    bot: SkyDeck,
    request: Request,
    title: str,
    asker: Requester,
    answer: LiveMessage | FirstLine,
    thread: Thread,
    *,
    interaction: discord.Interaction[SkyDeck] | None = None,
    is_wanted: Wanted | None = None,
) -> None:
    """Run a request; when it cannot even begin, the working line says why.

    Args:
        bot: Which.
        request: What to ask.
        title: One line for lists.
        asker: Who asks.
        answer: The answer's message, or how it comes to be.
        thread: Where the answer belongs.
        interaction: What is to be answered, if it is a command.
        is_wanted: As of `JobRunner.perform`.

    Raises:
        SkydeckError: It cannot begin, and there is no working line.
    """
    line = answer if isinstance(answer, FirstLine) else None
    live = answer.live if isinstance(answer, FirstLine) else answer
    show = make_show(bot, asker, live, thread, line=line)
    try:
        await bot.runner.perform(
            request,
            asker=asker,
            place=show.place,
            title=title,
            show=show,
            reply_token=None if interaction is None else interaction.token,
            interaction_id=None if interaction is None else interaction.id,
            is_shown=line is None,
            is_wanted=is_wanted,
        )
    except SkydeckError as e:
        if live.message_id == NO_MESSAGE:
            raise
        await give_reason(live, e, words_of(asker))
