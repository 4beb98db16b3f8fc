"""Payloads without the fields that Discord's reference lets Discord leave out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object, told by the fields that it always has."""

    always: frozenset[str]
    untold: frozenset[str] = frozenset()
    """Optional whatever there is."""
    empty: frozenset[str] = frozenset()
    """Optional where there is nothing to tell."""


MESSAGE = Kind(
    frozenset({"author", "content", "channel_id", "timestamp"}),
    # Without `referenced_message` "the backend did not attempt to fetch the message".
    frozenset({"referenced_message", "nonce", "position", "thread"}),
    # `components` is "sent if the message contains components".
    frozenset({"components", "reactions", "flags"}),
)
ATTACHMENT = Kind(
    frozenset({"filename", "size", "url"}),
    frozenset({"content_type"}),
    frozenset({"description", "flags"}),
)
CHANNEL = Kind(
    frozenset({"permission_overwrites"}),
    empty=frozenset({"topic", "nsfw", "rate_limit_per_user", "flags"}),
)
MEMBER = Kind(frozenset({"joined_at", "roles"}), empty=frozenset({"nick", "avatar"}))


def thinned(value: Any) -> Any:
    """A JSON value without the optional fields of what is in it."""
    if isinstance(value, list):
        return [thinned(part) for part in value]
    if not isinstance(value, dict):
        return value
    whole = {key: thinned(part) for key, part in value.items()}
    for kind in (MESSAGE, ATTACHMENT, CHANNEL, MEMBER):
        if kind.always <= whole.keys():
            whole = {
                key: part
                for key, part in whole.items()
                if key not in kind.untold and (part or key not in kind.empty)
            }
    return whole
