"""Regenerates an answer: the same question with the same history, in the same messages."""

import datetime
from typing import Final

import discord

from bot.discord_client import SkyDeck
from bot.errors import NotPossible
from bot.i18n import words_for
from bot.jobs.view import Requester
from bot.store.records import StoredMessage
from cogs.chat._answer_question import ask
from cogs.chat._job_message import Thread, answers
from cogs.chat._memory import first_of_answer, history_of
from cogs.chat._question import Question
from cogs.shared.live import LiveMessage
from cogs.shared.places import Places
from cogs.shared.presence import is_guest, server_id_of
from cogs.shared.reply import Reply
from cogs.shared.requester import admit, words_of
from cogs.shared.rights import Right, may, require

Revision = tuple[int, datetime.datetime | None]
"""A message and when it was last edited."""

_ENDS_WITHIN_S: Final = 10.0
"""How long an answer that is shown may take until its job has ended."""


class Regenerating:
    """Regenerates answers, each at most once at a time."""

    def __init__(self, bot: SkyDeck) -> None:
        self.bot = bot
        self._under_way: dict[int, Revision] = {}  # of each question, the answer that was pressed

    async def answer(
        self, interaction: discord.Interaction[SkyDeck], question_id: int, module: str
    ) -> None:
        """Regenerate the answer under which the button was pressed.

        Args:
            interaction: The press of the button.
            question_id: The question's message.
            module: Grace's module that answered; empty if Penny did.

        Raises:
            NotAllowed: It is someone else's answer.
            NotPossible: The question is forgotten, or its answer is being regenerated already.
            TooSoon: They ask too often.
        """
        words = words_for(str(interaction.locale))
        asked = await self.bot.store.conversations.get(question_id)
        if asked is None or interaction.message is None:
            raise NotPossible(words("chat.forgotten"))
        relation = await Places(interaction).relation(
            owner_id=asked.person_id,
            guild_id=server_id_of(interaction),
            channel_id=interaction.channel_id or 0,  # the answer's own channel
        )
        require(Right.REGENERATE, relation, words("chat.not_yours"))
        requester = await admit(self.bot, interaction)
        pressed = (interaction.message.id, interaction.message.edited_at)
        # A press under the new answer is no second press under the old one.
        if self._under_way.get(question_id) == pressed:
            raise NotPossible(words("chat.rewriting"))
        self._under_way[question_id] = pressed
        try:
            await interaction.response.defer()
            hears = may(Right.HEAR_BEFORE, relation) or server_id_of(interaction) is None
            # Its button can be pressed before the job that wrote it has remembered its messages.
            await self.bot.runner.wait_for(answers(question_id), within_s=_ENDS_WITHIN_S)
            await self._rewrite(interaction, asked, requester, module, hears=hears)
        finally:
            if self._under_way.get(question_id) == pressed:
                del self._under_way[question_id]

    async def _rewrite(
        self,
        interaction: discord.Interaction[SkyDeck],
        asked: StoredMessage,
        requester: Requester,
        module: str,
        *,
        hears: bool,
    ) -> None:
        """Replace the answer in its messages."""
        pressed = interaction.message
        if pressed is None:
            raise AssertionError("the button is under the answer")
        answered = await self.bot.store.conversations.get(pressed.id)
        if answered is not None:
            first, parts = answered.message_id, list(answered.parts)
        else:
            first, parts = first_of_answer(pressed, asked.message_id), []
        is_shut = is_guest(interaction)
        live = LiveMessage(
            self.bot,
            requester.channel_id,
            first,
            requester.user_id,
            parts,
            words=words_of(requester),
            adopts=answered is None and not is_shut,
            reply=Reply(interaction, self.bot.clock) if is_shut else None,
            is_shut=is_shut,
        )
        thread = Thread(
            question_id=asked.message_id,
            conversation_id=asked.conversation_id,
            module=module,
        )
        said_before = await history_of(self.bot, asked, requester.channel_id) if hears else []
        question = Question(asked.content, asked.content)
        await ask(self.bot, question, said_before, requester, live, thread)
