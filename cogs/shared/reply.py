"""The first response to an interaction, edited with the interaction's own token.

That needs no permission in the channel, and works for 15 minutes.
"""

from dataclasses import dataclass, field
from typing import Any, Final

import discord

from bot.clock import Clock
from cogs.shared.page import Page, files_of, in_one_message

_TOKEN_S: Final = 15 * 60.0
"""How long an interaction's token is valid. Source: Discord's reference, "Followup Messages"."""
_MAX_UNDER_WAY_S: Final = 3.0
"""How old an interaction can be, at most, when it is responded to in time."""
_LAST_MINUTE_S: Final = 60.0
ORIGINAL: Final[Any] = "@original"
"""The id of an interaction's first response, for the interaction's webhook. discord.py passes any
id on; only its annotation is narrower."""


@dataclass(slots=True)
class Reply:
    """An interaction whose first response is a message.

    Attributes:
        interaction: It has arrived; or its webhook, where another process has answered it.
        clock: Only its monotonic time is used, because the wall clock can be set.
        age_s: How long ago it arrived.
    """

    interaction: discord.Interaction[Any] | discord.Webhook
    clock: Clock
    age_s: float = 0.0
    _ends_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._ends_at = self.clock.now() + _TOKEN_S - _MAX_UNDER_WAY_S - self.age_s

    @property
    def is_open(self) -> bool:
        """Whether the token is still valid."""
        return self.clock.now() < self._ends_at

    @property
    def is_closing(self) -> bool:
        """Whether the token is about to expire."""
        return self.clock.now() >= self._ends_at - _LAST_MINUTE_S

    async def edit(self, page: Page) -> int:
        """Show a page in one message, and return that message's id.

        Raises:
            discord.HTTPException: Discord refused it.
        """
        page = in_one_message(page)
        parts: dict[str, Any] = {
            "content": page.text,
            "embeds": list(page.embeds),
            "attachments": files_of(page),
            "view": page.view,
        }
        if isinstance(self.interaction, discord.Webhook):
            return (await self.interaction.edit_message(ORIGINAL, **parts)).id
        return (await self.interaction.edit_original_response(**parts)).id
