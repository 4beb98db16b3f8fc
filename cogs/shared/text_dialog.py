"""A dialog that asks for a text."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Self

import discord
from discord import ui

from bot.discord_client import SkyDeck
from cogs.shared.error_messages import ReportingModal

DIALOG_S: Final = 14 * 60.0
"""How long to wait for a dialog; Discord does not report that one was closed."""
_MAX_LABEL_CHARS: Final = 45

OnAnswer = Callable[[discord.Interaction[SkyDeck], str], Awaitable[None]]
"""Handles the text of a dialog."""


class TextDialog(ReportingModal):
    """Asks for a text of at most `max_chars` characters, and passes it to `on_answer`.

    What is likely to be answered stands there already, as `default`, on one line.
    """

    def __init__(
        self,
        *,
        title: str,
        label: str,
        on_answer: OnAnswer,
        max_chars: int = 4_000,
        default: str | None = None,
    ) -> None:
        super().__init__(title=title[:_MAX_LABEL_CHARS], timeout=DIALOG_S)
        self._field: ui.TextInput[Self] = ui.TextInput(
            style=discord.TextStyle.paragraph if default is None else discord.TextStyle.short,
            max_length=max_chars,
            default=default,
        )
        self._on_answer = on_answer
        self.add_item(ui.Label(text=label[:_MAX_LABEL_CHARS], component=self._field))

    async def on_first_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Pass the text on."""
        await self._on_answer(interaction, self._field.value)
