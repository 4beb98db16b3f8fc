"""Words that Discord's client itself puts on the screen, in the languages of the tests. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

_KILOBYTE: Final = 1024
_ENGLISH: Final = {
    "edited": "(edited)",
    "thinking": "is thinking…",
    "used": "used",
    "a command": "a command",
    "attachment": "attachment",
    "forwarded": "Forwarded",
    "only": "Only {name} can see this",
    "message": "{count} message",
    "messages": "{count} messages",
    "archived": "archived",
    "poll closed": "Poll closed",
    "select": "Make a selection",
    "no response": "The application did not respond",
    "failed": "This interaction failed",
    "in": "in {many}",
    "ago": "{many} ago",
    "now": "now",
}
_SPANISH: Final = {
    "edited": "(editado)",
    "thinking": "está pensando…",
    "used": "ha usado",
    "a command": "un comando",
    "attachment": "archivo adjunto",
    "forwarded": "Reenviado",
    "only": "Solo {name} puede ver esto",
    "message": "{count} mensaje",
    "messages": "{count} mensajes",
    "archived": "archivado",
    "poll closed": "Encuesta cerrada",
    "select": "Elige una opción",
    "no response": "La aplicación no ha respondido",
    "failed": "Esta interacción ha fallado",
    "in": "en {many}",
    "ago": "hace {many}",
    "now": "ahora",
}
_UNITS: Final = (
    (86_400, ("day", "days"), ("día", "días")),
    (3_600, ("hour", "hours"), ("hora", "horas")),
    (60, ("minute", "minutes"), ("minuto", "minutos")),
    (1, ("second", "seconds"), ("segundo", "segundos")),
)


def is_spanish(locale: str) -> bool:
    """Whether the client speaks Spanish; else it speaks English."""
    return locale.startswith("es")


def client_words(locale: str) -> dict[str, str]:
    """The client's words for a person of this locale."""
    return _SPANISH if is_spanish(locale) else _ENGLISH


class Phrase(str):
    """English words in a refusal that are told in the reader's language."""

    __slots__ = ()


@cache
def spanish_refusals() -> dict[str, str]:
    """Why people cannot do things, in Spanish, by the English text."""
    file = Path(__file__).with_name("refusals.toml")
    told: dict[str, str] = tomllib.loads(file.read_text(encoding="utf-8"))
    return told | {english: _SPANISH[key] for key, english in _ENGLISH.items()}


def said_in(locale: str, text: str, values: Mapping[str, object]) -> str:
    """A refusal for a client of this locale; English where it has no other words for it.

    Args:
        locale: The client's, such as `es-ES`.
        text: In English, with `{name}` for each value.
        values: What stands there: a list is told as one, a `Phrase` in the reader's language.
    """
    words = spanish_refusals() if is_spanish(locale) else {}

    def told(value: object) -> object:
        if isinstance(value, list | tuple):
            return ", ".join(str(told(one)) for one in value)
        return words.get(value, value) if isinstance(value, Phrase) else value

    shown = {name: told(value) for name, value in values.items()}
    return words.get(text, text).format_map(shown)


def from_now(seconds: float, locale: str) -> str:
    """How long from now a moment is, as `<t:…:R>` is shown: "in 7 hours", "2 minutes ago"."""
    words, whole = client_words(locale), abs(round(seconds))
    for unit, english, spanish in _UNITS:
        if whole >= unit:
            count = round(whole / unit)
            names = spanish if is_spanish(locale) else english
            return words["in" if seconds > 0 else "ago"].format(many=f"{count} {names[count != 1]}")
    return words["now"]


def in_bytes(size: int, locale: str) -> str:
    """The size of a file, as it stands beside its name: "420 B", "23.2 KB"."""
    if size < _KILOBYTE:
        return f"{size} B"
    shown = f"{size / _KILOBYTE:.1f} KB"
    return shown.replace(".", ",") if is_spanish(locale) else shown
