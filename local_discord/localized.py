"""Names and descriptions of commands as people of a locale see them. Pure."""

from __future__ import annotations

from typing import Final

from .values import Json

FALLBACK: Final = {"en-US": "en-GB", "en-GB": "en-US", "es-419": "es-ES"}
"""Which locale stands in for one without words (interactions/application-commands, "Locale
fallbacks")."""


def localized(item: Json, key: str, locale: str) -> str:
    """The words of a command, an option or a choice for somebody of this locale.

    Args:
        item: What was registered, or offered by an autocomplete.
        key: "name" or "description".
        locale: The person's, such as "es-ES".
    """
    words = item.get(f"{key}_localizations") or {}
    own = words.get(locale) or words.get(FALLBACK.get(locale, ""))
    return str(own or item.get(key) or "")
