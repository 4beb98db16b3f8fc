"""Who may be heard, when the bot leaves, and when it comes back. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Final

from bot.store.records import Consent, Minute

ALONE_S: Final = 10.0
"""How long the bot stays in an empty channel."""
RETURN_AFTER_S: Final = (0.0, 15.0, 60.0, 300.0)
"""The pauses before each attempt to rejoin after a restart or a lost connection."""
RETURNS_PER_MINUTE: Final = 50
"""How many channels of a shard are rejoined within a minute. Discord takes 120 messages a minute
from a gateway session; a return takes up to two, and is too late if it waits for others'."""
LASTS_S: Final = 120.0
"""A connection that lasted this long worked; if it is lost sooner, rejoining may never work."""
MEETING_GAP_MS: Final = 3_600_000
"""A longer silence in a transcript separates two meetings."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The people in a voice channel, without bots.

    Attributes:
        agreed: The names of those who may be heard, by id.
        locales: Their Discord locales, where they are known.
        unasked: Those who have not decided yet whether they may be heard.
        others: How many people have not agreed.
    """

    agreed: Mapping[int, str]
    locales: Mapping[int, str]
    unasked: Collection[int]
    others: int

    @property
    def is_empty(self) -> bool:
        """Whether the channel is empty."""
        return not self.agreed and not self.others

    def without(self, user_id: int) -> "Audience":
        """The same audience after a person has withdrawn consent."""
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
        present: The names of the people in the channel, by id.
        consents: Their stored decisions, by id.
        barred: People who may have withdrawn consent since it was read.
    """
    agreed = {
        user_id: name
        for user_id, name in present.items()
        if user_id in consents and consents[user_id].agreed and user_id not in barred
    }
    locales = {user_id: consents[user_id].locale for user_id in agreed}
    return Audience(
        agreed=agreed,
        locales={user_id: locale for user_id, locale in locales.items() if locale},
        unasked=frozenset(present) - frozenset(consents) - frozenset(barred),
        others=len(present) - len(agreed),
    )


# -- coming in ------------------------------------------------------------------------------------


def needed(*, is_stage: bool) -> tuple[str, ...]:
    """The permissions that the bot needs in a voice channel, by discord.py's names.

    On a stage nobody may speak at first; the bot asks for it there.
    """
    always = ("view_channel", "connect", "send_messages")
    return always if is_stage else (*always, "speak")


def is_full(present: int, limit: int) -> bool:
    """Whether a voice channel has reached its user limit; 0 means no limit."""
    return 0 < limit <= present


class Hindrance(StrEnum):
    """Why the bot is not heard, or hears nobody, on a working connection.

    DEAFENED, MUTED: by a moderator. AUDIENCE: on a stage, before it is allowed to speak.
    """

    DEAFENED = "deafened"
    MUTED = "muted"
    AUDIENCE = "audience"


def hindrance(*, deafened: bool, muted: bool, suppressed: bool, is_stage: bool) -> Hindrance | None:
    """The most serious hindrance."""
    if deafened:
        return Hindrance.DEAFENED
    if suppressed and is_stage:
        return Hindrance.AUDIENCE
    return Hindrance.MUTED if muted or suppressed else None


# -- minutes --------------------------------------------------------------------------------------


def latest_meeting(minutes: Sequence[Minute]) -> Sequence[Minute]:
    """The part of a channel's transcript since the last long silence, oldest first."""
    begins = 0
    for place, (before, after) in enumerate(pairwise(minutes), 1):
        if after.at_ms - before.at_ms > MEETING_GAP_MS:
            begins = place
    return minutes[begins:]


def staggered(number: int, pauses_s: Sequence[float]) -> tuple[float, ...]:
    """The pauses before each attempt of the `number`th channel that is rejoined with others."""
    first_s, *later_s = pauses_s
    return (first_s + number // RETURNS_PER_MINUTE * 60.0, *later_s)
