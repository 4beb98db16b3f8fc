"""Takes out of what the panel shows whatever would let somebody act as the bot. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

HIDDEN: Final = "[hidden]"
_IN_PATHS: Final = re.compile(r"(/(?:webhooks|interactions)/[0-9]+/)[^/\s?#\"']+")
"""The token in a webhook's or an interaction's address."""
SECRET_KEYS: Final = frozenset({"token", "session_id", "secret", "secret_key", "authorization"})
DEPTH_MAX: Final = 40
"""Deeper than anything that Discord or its bots send."""


def path_without_secrets(path: str, route: str) -> str:
    """A request's path with a word in place of each token, which its route names as one."""
    segments, names = path.split("/"), route.split("/")
    if len(segments) != len(names):
        return route
    shown = [
        HIDDEN if name.startswith("{") and "token" in name else segment
        for segment, name in zip(segments, names, strict=True)
    ]
    return "/".join(shown)


def without_secrets(value: Any, secrets: Collection[str], depth: int = 0) -> Any:
    """The same JSON value with a word in place of each secret.

    A secret is what stands under one of `SECRET_KEYS`, the token in an address, or what occurs in
    any text and is one of `secrets`, such as the bot's token.
    """
    if depth > DEPTH_MAX:
        return HIDDEN
    if isinstance(value, dict):
        return {
            key: HIDDEN
            if key.lower() in SECRET_KEYS and one
            else without_secrets(one, secrets, depth + 1)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [without_secrets(one, secrets, depth + 1) for one in value]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, HIDDEN)
        return _IN_PATHS.sub(rf"\1{HIDDEN}", value)
    return value
