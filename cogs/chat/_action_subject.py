"""What an action in a chat works on, by the person's own words and the message that has them."""

from dataclasses import replace
from typing import Final

import discord

from bot.actions.pointing import answer_points_at
from bot.actions.references import Points, Reference
from bot.actions.subject import Around, Kind, Subject, Unsure, resolve
from bot.discord_client import SkyDeck
from cogs.shared.asking import Asking
from cogs.shared.attachments import may_be
from cogs.shared.message_content import MessageContent
from cogs.shared.said import TEXTS
from cogs.shared.subjects import seconds_since_above

_FEW_WORDS: Final = 2
"""An answer with no more words names nothing to work on: "the first"."""


async def subject_of(bot: SkyDeck, reference: Reference, asking: Asking) -> Subject | Unsure:
    """What a request works on."""
    around = Around(has_own=_brings_text(asking.content), is_reply=asking.is_reply)
    subject = resolve(reference, around)
    if isinstance(subject, Unsure) and reference.points is Points.THIS:
        above_s = await seconds_since_above(bot, asking)
        subject = resolve(reference, replace(around, above_s=above_s))
    return subject


def subject_in_answer(
    message: discord.Message, content: MessageContent, asked_in: int
) -> Subject | None:
    """What the answer to "what should I work on?" names; None: it names nothing.

    Args:
        message: The answer.
        content: What it says.
        asked_in: The message that asks.
    """
    is_answer = replies_to(message, asked_in)
    points = message.reference is not None and not is_answer
    reference = answer_points_at(content.question)
    is_text = reference.points in {Points.TOPIC, Points.NOTHING}
    if _brings_text(content) or points or not is_text:
        around = Around(has_own=_brings_text(content), is_reply=points, above_s=0.0)
        found = resolve(reference, around)
        return found if isinstance(found, Subject) else None
    is_direct = message.guild is None or is_answer
    if is_direct and len(content.question.split()) > _FEW_WORDS:
        return Subject(Kind.TEXT, text=content.question)
    return None


def is_own_voice(content: MessageContent) -> bool:
    """Whether a request is a voice message alone: any other recording may be somebody else's."""
    is_recorded = all(one.is_voice_message() for one in content.attached)
    return is_recorded and not content.asked and not content.forwarded


def replies_to(message: discord.Message, asked_in: int) -> bool:
    """Whether a message replies to another one."""
    return message.reference is not None and message.reference.message_id == asked_in


def _brings_text(content: MessageContent) -> bool:
    return bool(content.forwarded) or any(may_be(one, TEXTS) for one in content.files)
