"""Asks Penny or one of Grace's modules, and shows the answer in its message."""

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from audio.manner import PLAIN, Manner
from bot.contract import Message, Request
from bot.contract.envelope import given
from bot.contract.grace import task
from bot.contract.penny import converse
from bot.contract.pictures import pictures_param
from bot.discord_client import SkyDeck
from bot.errors import SkydeckError
from bot.jobs.runner import Wanted
from bot.jobs.view import Requester
from bot.voice_agent.command_performer import AS_USUAL, SpeakingStyle
from cogs.chat._job_message import Thread
from cogs.chat._job_view import Asked, make_view
from cogs.chat._question import Question
from cogs.shared.answering import Placeholder, give_reason
from cogs.shared.chosen_voice import voice_for
from cogs.shared.live import NO_MESSAGE, LiveMessage
from cogs.shared.requester import words_of


async def ask(
    bot: SkyDeck,
    question: Question,
    said_before: Sequence[Message],
    requester: Requester,
    answer: LiveMessage | Placeholder,
    thread: Thread,
    *,
    interaction: discord.Interaction[SkyDeck] | None = None,
    is_wanted: Wanted | None = None,
    style: SpeakingStyle = AS_USUAL,
    actions: Mapping[str, Any] | None = None,
    asked: Asked | None = None,
) -> None:
    """Ask a question; a spoken question is also answered aloud. For the rest see `perform`.

    `actions` are the parameters that offer actions with it.
    """
    voice = await voice_for(bot, requester) if question.is_answered_aloud else None
    params = style.params | given(voice=voice) | dict(actions or {})
    request = _request(bot, question, said_before, requester, thread, params)
    await perform(
        bot,
        request,
        question.title,
        requester,
        answer,
        thread,
        interaction=interaction,
        is_wanted=is_wanted,
        manner=style.manner,
        asked=asked,
    )


def _request(
    bot: SkyDeck,
    question: Question,
    said_before: Sequence[Message],
    requester: Requester,
    thread: Thread,
    params: dict[str, Any],
) -> Request:
    """A request to Penny, or to the module that the server has chosen for such questions."""
    module = bot.grace.get(thread.module)
    if module is not None:
        return task(module, question.text, source=requester.source)
    history = list(said_before)
    if question.is_spoken and question.text:  # written beside the recording
        history.append(Message(role="user", content=question.text, name=requester.user_name))
    return converse(
        question.said,
        source=requester.source,
        language=requester.language,
        context=requester.context(history),
        params={
            "speak": question.is_answered_aloud,
            **params,
            **pictures_param(question.pictures),
        },
    )


async def perform(
    bot: SkyDeck,
    request: Request,
    title: str,
    requester: Requester,
    answer: LiveMessage | Placeholder,
    thread: Thread,
    *,
    interaction: discord.Interaction[SkyDeck] | None = None,
    is_wanted: Wanted | None = None,
    manner: Manner = PLAIN,
    asked: Asked | None = None,
) -> None:
    """Run a request; if it cannot start, the placeholder message gives the reason.

    Args:
        bot: The client.
        request: The request to a service.
        title: One line for lists.
        requester: The person who asks.
        answer: The answer's message, or the way to post it.
        thread: Where the answer belongs in memory.
        interaction: The interaction to respond to, if it is a command.
        is_wanted: As for `JobRunner.perform`.
        manner: How the answer is spoken.
        asked: The question, if it may ask for an action.

    Raises:
        SkydeckError: It cannot start, and there is no placeholder message.
    """
    placeholder = answer if isinstance(answer, Placeholder) else None
    live = answer.live if isinstance(answer, Placeholder) else answer
    view = make_view(
        bot, requester, live, thread, placeholder=placeholder, manner=manner, asked=asked
    )
    try:
        await bot.runner.perform(
            request,
            requester=requester,
            place=view.place,
            title=title,
            view=view,
            reply_token=None if interaction is None else interaction.token,
            interaction_id=None if interaction is None else interaction.id,
            is_shown=placeholder is None,
            is_wanted=is_wanted,
        )
    except SkydeckError as e:
        if live.message_id == NO_MESSAGE:
            raise
        await give_reason(live, e, words_of(requester))
