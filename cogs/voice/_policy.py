"""Who is heard, who may command, when to go, when to come back. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Final

from bot.store.records import Consent, Minute

ALONE_S: Final = 10.0
"""How long the bot stays where nobody is."""
RETURN_AFTER_S: Final = (0.0, 15.0, 60.0, 300.0)
"""The pauses before each attempt to come back after a restart, or when the line was lost."""
LASTS_S: Final = 120.0
"""A room that was open for so long has worked; one that is lost sooner may never."""
MEETING_GAP_MS: Final = 3_600_000
"""After so long a silence a transcript is another meeting's."""
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

    def without(self, user_id: int) -> "Audience":
        """The same when a person is not to be heard any more."""
        if user_id not in self.agreed:
            return self
        left = {one: name for one, name in self.agreed.items() if one != user_id}
        return replace(self, agreed=left, others=self.others + 1)


NOBODY: Final = Audience({}, {}, (), 0)


def audience(
    present: Mapping[int, str],
    consents: Mapping[int, Consent],
    *,
    barred: Collection[int] = (),
) -> Audience:
    """Who may be heard.

    Args:
        present: The names of the people who are there, by id.
        consents: What they have said, by id, as it was read from the store.
        barred: Who has taken their consent back since then, perhaps.
    """
    agreed = {
        user_id: name
        for user_id, name in present.items()
        if user_id in consents and consents[user_id].agreed and user_id not in barred
    }
    spoken = {user_id: language_of(consents[user_id].locale) for user_id in agreed}
    return Audience(
        agreed=agreed,
        languages={user_id: language for user_id, language in spoken.items() if language},
        unasked=frozenset(present) - frozenset(consents) - frozenset(barred),
        others=len(present) - len(agreed),
    )


def language_of(locale: str | None) -> str | None:
    """The ISO 639-1 language of a Discord locale, if it is one that we answer in."""
    language = (locale or "").partition("-")[0]
    return language if language in LANGUAGES else None


# -- coming in ------------------------------------------------------------------------------------


def needed(*, is_stage: bool) -> tuple[str, ...]:
    """The permissions that the bot needs for a voice channel, by discord.py's names.

    On a stage nobody has a say before they are let; there the bot asks for it.
    """
    always = ("view_channel", "connect", "send_messages")
    return always if is_stage else (*always, "speak")


def is_full(present: int, limit: int) -> bool:
    """Whether a voice channel with so many inside takes nobody more; a limit of 0 is none."""
    return 0 < limit <= present


class Hindrance(StrEnum):
    """Why the bot is not heard, or hears nobody, though the line is well.

    DEAFENED, MUTED: by a moderator. AUDIENCE: on a stage, before it is let speak.
    """

    DEAFENED = "deafened"
    MUTED = "muted"
    AUDIENCE = "audience"


def hindrance(*, deafened: bool, muted: bool, suppressed: bool, is_stage: bool) -> Hindrance | None:
    """The worst that there is."""
    if deafened:
        return Hindrance.DEAFENED
    if suppressed and is_stage:
        return Hindrance.AUDIENCE
    return Hindrance.MUTED if muted or suppressed else None


# -- minutes --------------------------------------------------------------------------------------


def latest_meeting(minutes: Sequence[Minute]) -> Sequence[Minute]:
    """Of a channel's transcript, oldest first: what was said since the last long silence."""
    begins = 0
    for place, (before, after) in enumerate(pairwise(minutes), 1):
        if after.at_ms - before.at_ms > MEETING_GAP_MS:
            begins = place
    return minutes[begins:]
