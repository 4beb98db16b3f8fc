"""The page of commands, from the command line's own parser."""

import re
from collections.abc import Iterator
from typing import Any, Final

import typer
from typer.main import get_command

from bot.cli.lazy import COMMANDS, load
from bot.cli.main import app
from scripts.reference.markdown import NOTE, cell, table

_EXAMPLE: Final = re.compile(r"Examples?: *")
_KIND: Final = re.compile(r"<(\w+)[^>]*>")
"""A kind of value as `--help` writes it: `<text>`, `<language|speech>`."""
_RANGE: Final = re.compile(r"(\S+)<=x<=(\S+?)(?=\])")
INTRO: Final = """
# Commands

`skydeck COMMAND --help` says the same in your terminal.
"""


def command_line_page() -> str:
    """The page."""
    root = get_command(app)
    parts = [NOTE + INTRO, _prose(root.help or "", "skydeck")]
    overview = (
        (f"[`skydeck {n}`](#skydeck-{n})", cell(about)) for n, (_, about) in COMMANDS.items()
    )
    parts.append(table(("command", "what it does"), overview))
    for name in COMMANDS:
        parts += _described(load(name), f"skydeck {name}", 2)
    return "\n".join(filter(None, parts))


def paths() -> Iterator[tuple[str, ...]]:
    """Every command's words after `skydeck`, as `("models", "pull")`."""
    for name in COMMANDS:
        inner = getattr(load(name), "commands", None)
        if inner:
            yield from ((name, one) for one in inner)
        else:
            yield (name,)


def _described(command: Any, path: str, level: int) -> Iterator[str]:
    yield f"{'#' * level} `{path}`\n"
    yield _prose(command.help or "", path)
    inner = getattr(command, "commands", {})
    if inner:
        for name, one in inner.items():
            yield from _described(one, f"{path} {name}", level + 1)
        return
    context = typer.Context(command, info_name=path)
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```\n{path} {usage}\n```\n"
    yield table(("argument or option", "what it is"), _rows(command, context))


def _rows(command: Any, context: typer.Context) -> Iterator[tuple[str, str]]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or parameter.name == "help":
            continue
        name, about = record
        yield f"`{_KIND.sub(_plain, name)}`", cell(_RANGE.sub(r"\1 to \2", about))


def _plain(found: re.Match[str]) -> str:
    return found[1].upper()


def _prose(help_text: str, path: str) -> str:
    """A help text: examples as code, the rest as it is."""
    parts = []
    for paragraph in help_text.replace("\b", "").split("\n\n"):
        lines = paragraph.strip().splitlines()
        if not lines:
            continue
        if found := _EXAMPLE.match(lines[0]):
            code = [lines[0][found.end() :], *lines[1:]]
            parts.append(
                "```\n" + "\n".join(one.strip() for one in code if one.strip()) + "\n```\n"
            )
        else:
            parts.append("\n".join(lines).replace("<", "&lt;") + "\n")
    return "\n".join(parts)
