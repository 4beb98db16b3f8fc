"""Who is heard, when to go, and what is lacking. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from bot.store import Consent

ALONE_S: Final = 10.0
"""How long the bot stays where nobody is."""
LANGUAGES: Final = frozenset({"en", "es"})
"""Which languages of people's Discord are taken for the language that they speak."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is in a voice channel, without bots.

    Attributes:
        agreed: The names of those who may be heard, by id.
        languages: Their languages, where they are known.
        unasked: Who has not said yet whether they may be heard.
        others: How many there are besides those who agreed.
    """

    agreed: Mapping[int, str]
    languages: Mapping[int, str]
    unasked: Collection[int]
    others: int

    @property
    def is_empty(self) -> bool:
        """Whether nobody is there."""
        return not self.agreed and not self.others


def audience(present: Mapping[int, str], consents: Mapping[int, Consent]) -> Audience:
    """Who may be heard.

    Args:
        present: The names of the people who are there, by id.
        consents: What they have said, by id.
    """
    agreed = {
        user_id: name
        for user_id, name in present.items()
        if user_id in consents and consents[user_id].agreed
    }
    spoken = {user_id: language_of(consents[user_id].locale) for user_id in agreed}
    return Audience(
        agreed=agreed,
        languages={user_id: language for user_id, language in spoken.items() if language},
        unasked=frozenset(present) - frozenset(consents),
        others=len(present) - len(agreed),
    )


def language_of(locale: str | None) -> str | None:
    """The ISO 639-1 language of a Discord locale, if it is one that we answer in."""
    language = (locale or "").partition("-")[0]
    return language if language in LANGUAGES else None


def needed(*, is_full: bool) -> tuple[str, ...]:
    """The permissions that the bot needs for a voice channel, by discord.py's names.

    Args:
        is_full: Whether the channel has no room left.
    """
    always = ("view_channel", "connect", "speak")
    return (*always, "move_members") if is_full else always
