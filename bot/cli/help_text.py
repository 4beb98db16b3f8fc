"""What `--help` shows: kinds of values in words, paragraphs without line breaks of the source."""

import re
from typing import Any, Final

from typer.core import TyperCommand, TyperGroup

_KINDS: Final = {"str": "text", "int": "number", "float": "number", "Path": "path", "bool": ""}
_PYTHON: Final = re.compile(r"(?:list\[)?(\w+)(?: range)?\]?")
"""A type as Typer writes it: `str`, `list[Path]`, `int range`."""


def kind_in_words(shown: str) -> str:
    """What Typer shows of a value's type (`<list[Path]>`), in words (`<path>`); a flag has none."""
    found = _PYTHON.fullmatch(shown.strip("<>"))
    kind = _KINDS.get(found[1], found[1]) if found else shown.strip("<>")
    return f"<{kind}>" if kind else ""


def joined(help_text: str | None) -> str | None:
    """The text with each paragraph on one line: the terminal breaks it."""
    if help_text is None:
        return None
    paragraphs = (" ".join(one.split()) for one in help_text.split("\n\n"))
    return "\n\n".join(filter(None, paragraphs))


class _Plain:
    """A command or group whose help is in people's words."""

    def __init__(self, *args: Any, help: str | None = None, **attrs: Any) -> None:  # noqa: A002
        super().__init__(*args, help=joined(help), **attrs)  # type: ignore[call-arg]

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, each of which names its kind of value in words."""
        found: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for one in found:
            shown = type(one).display_type
            one.display_type = lambda ctx, one=one, shown=shown: kind_in_words(shown(one, ctx))
        return found


class PlainCommand(_Plain, TyperCommand):
    """A command."""


class PlainGroup(_Plain, TyperGroup):
    """A group of commands."""
