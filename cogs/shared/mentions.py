"""Discord's mentions, emoji and times in a text as words; code is left alone. Pure."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from bot.discord_tokens import PLACES, TOKEN, time_in_words
from bot.sanitize import clean, is_blank
from cogs.shared.markdown import code_spans, outside_code

_MAX_NAME_CHARS: Final = 100
"""The longest name in Discord, that of a channel."""
_UNKNOWN_PERSON: Final = "@unknown-user"
_UNKNOWN_ROLE: Final = "@unknown-role"
_UNKNOWN_CHANNEL: Final = "#unknown"
"""As Discord's client shows what it does not know."""

Name = Callable[[int], str | None]
"""The name of an id; None if it is unknown."""


def _unknown(_: int) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Names:
    """The names of people, roles and channels by their ids."""

    person: Name = _unknown
    role: Name = _unknown
    channel: Name = _unknown


@dataclass(frozen=True, slots=True)
class Own:
    """The ids by which a text calls the bot.

    Attributes:
        user_id: The bot's account.
        role_id: Its managed role, which Discord's picker offers beside the account; 0: none.
    """

    user_id: int
    role_id: int = 0

    def is_called_in(self, text: str) -> bool:
        """Whether a text mentions the bot outside code."""
        return any(map(self._is_own, _tokens(text)))

    def without_calls(self, text: str) -> str:
        """The text without mentions of the bot at its ends; between other words they are words."""
        mark = rf"<@!?{self.user_id}>" + (rf"|<@&{self.role_id}>" if self.role_id else "")
        calls = [found.span() for found in re.finditer(rf"(?:{mark})(?:[,:;](?=\s|$))?", text)]
        begin, end = 0, len(text)
        for first, last in calls:
            if not _is_blank(text, begin, first):
                break
            begin = last
        for first, last in reversed(calls):
            if first < begin or not _is_blank(text, last, end):
                break
            end = first
        return text[begin:end].strip()

    def _is_own(self, token: re.Match[str]) -> bool:
        is_role = self.role_id != 0 and token["role"] == str(self.role_id)
        return is_role or token["person"] == str(self.user_id)


def as_words(text: str, names: Names) -> str:
    """A text with words in place of Discord's mentions, custom emoji and times.

    It is read once, so a name is never read as a mention, or as anything else than itself.
    """

    def in_words(part: str) -> str:
        return TOKEN.sub(lambda token: _word(token, names), part)

    return outside_code(text, in_words, code_spans(text))


def _is_blank(text: str, begin: int, end: int) -> bool:
    return begin >= end or is_blank(text[begin:end])


def _tokens(text: str) -> Iterator[re.Match[str]]:
    at = 0
    for begin, end in code_spans(text):
        yield from TOKEN.finditer(text, at, begin)
        at = end
    yield from TOKEN.finditer(text, at)


def _word(token: re.Match[str], names: Names) -> str:
    match token.lastgroup:
        case "person":
            return _named("@", names.person(int(token["person"]))) or _UNKNOWN_PERSON
        case "role":
            role = names.role(int(token["role"]))
            return _named("@", role and role.removeprefix("@")) or _UNKNOWN_ROLE  # of @everyone
        case "channel":
            return _named("#", names.channel(int(token["channel"]))) or _UNKNOWN_CHANNEL
        case "command":
            return f"/{token['command']}"
        case "emoji":
            return f":{token['emoji']}:"
        case "place":
            return PLACES[token["place"]]
        case _:
            return time_in_words(token) or token[0]


def _named(sign: str, name: str | None) -> str:
    plain = " ".join(clean((name or "")[:_MAX_NAME_CHARS]).split())
    return "" if is_blank(plain) else sign + plain
