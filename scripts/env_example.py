"""Writes the settings' defaults into `.env.example`, whose words are written by hand.

    python scripts/env_example.py      (make env)

A value that means the default stays as it is: an empty line, for one.
"""

import re
from enum import Enum
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from bot.settings import Settings

EXAMPLE = Path(__file__).parents[1] / ".env.example"


def renewed(text: str) -> str:
    """The text of an `.env.example` with the defaults of today."""
    return re.sub(r"^([A-Z_]+)=(.*)$", _line, text, flags=re.MULTILINE)


def _line(found: re.Match[str]) -> str:
    name, value = found.groups()
    field = Settings.model_fields.get(name.lower())
    if field is None or not value:
        return found[0]
    default = field.get_default(call_default_factory=True)
    try:
        is_default = TypeAdapter(field.annotation).validate_python(value) == default
    except ValidationError:
        is_default = False
    shown = default.value if isinstance(default, Enum) else default
    if isinstance(shown, bool):
        shown = str(shown).lower()
    return found[0] if is_default else f"{name}={'' if shown is None else shown}"


if __name__ == "__main__":
    EXAMPLE.write_text(renewed(EXAMPLE.read_text("utf-8")), "utf-8")
