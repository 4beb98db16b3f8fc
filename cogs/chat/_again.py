"""Regenerate: the same question with the same history, answered anew in the same messages."""

import discord

from bot.client import SkyDeck
from bot.conversation import Asker
from bot.errors import BadInput
from bot.i18n import words_for
from bot.store import StoredMessage
from cogs.chat._asking import ask
from cogs.chat._memory import before_again
from cogs.chat._question import Question
from cogs.chat._show import Thread
from cogs.shared.asker import admit, words_of
from cogs.shared.live import LiveMessage
from cogs.shared.stop_button import check_owner


class Regenerating:
    """Answers questions again, each at most once at a time."""

    def __init__(self, bot: SkyDeck) -> None:
        self.bot = bot
        self._under_way: set[int] = set()

    async def answer(
        self, interaction: discord.Interaction[SkyDeck], question_id: int, module: str
    ) -> None:
        """The button was pressed.

        Args:
            interaction: The press.
            question_id: Which question the answer was to.
            module: Grace's module that had answered; empty: Penny had.

        Raises:
            NotAllowed: It is somebody else's answer.
            BadInput: The question is forgotten, or is being answered again already.
            TooSoon: They ask too often.
        """
        words = words_for(str(interaction.locale))
        asked = await self.bot.store.conversations.get(question_id)
        if asked is None or interaction.message is None:
            raise BadInput(words("chat.forgotten"))
        check_owner(interaction, asked.person_id, words)
        asker = await admit(self.bot, interaction)
        if question_id in self._under_way:
            raise BadInput(words("chat.rewriting"))
        self._under_way.add(question_id)
        try:
            await interaction.response.defer()
            await self._rewrite(interaction.message.id, asked, asker, module)
        finally:
            self._under_way.discard(question_id)

    async def _rewrite(
        self, answer_id: int, asked: StoredMessage, asker: Asker, module: str
    ) -> None:
        """Write an answer anew, in the messages that it has."""
        answered = await self.bot.store.conversations.get(answer_id)
        first, parts = answer_id, list[int]()
        if answered is not None:
            first, parts = answered.message_id, list(answered.parts)
        live = LiveMessage(
            self.bot, asker.channel_id, first, asker.user_id, parts, words=words_of(asker)
        )
        thread = Thread(
            question_id=asked.message_id,
            conversation_id=asked.conversation_id,
            guild_id=asker.guild_id,
            user_id=asker.user_id,
            module=module,
        )
        said_before = await before_again(self.bot, asked, asker.channel_id)
        question = Question(asked.content, asked.content)
        await ask(self.bot, question, said_before, asker, live, thread)
