"""The `skydeck` command. This module imports quickly, because `LazyGroup` imports the commands."""

import sys
from importlib.metadata import version
from typing import Annotated, Final, Never

import typer

from bot import terminal
from bot.cli.lazy import LazyGroup
from bot.errors import SkydeckError, WrongUse
from bot.sanitize import clean_excerpt

_INTERRUPTED = 130

_PHRASES: Final = (
    ("Value error, ", ""),
    ("Unable to parse input string as an integer, exceeded maximum size", "too large a number"),
    ("Input should be a valid integer, unable to parse string as an integer", "not a whole number"),
    ("Input should be a valid number, unable to parse string as a number", "not a number"),
    ("Input should be less than or equal to", "must be at most"),
    ("Input should be greater than or equal to", "must be at least"),
    ("No such", "There is no"),
)
"""Words of typer and pydantic, and how we say them."""

app = typer.Typer(
    name="skydeck",
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Try: skydeck talk --file question.wav --save reply.ogg",
)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"skydeck {version('skydeck')}\n")
        raise typer.Exit


@app.callback()
def skydeck(
    context: typer.Context,
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Talk and write to Penny, Grace and The Factory.

    Without RUNPOD_API_KEY the three services run on this machine, with real models.

    Exit codes: 0 success, 2 usage error, 3 service failure, 4 service unreachable.
    """
    context.with_resource(terminal.guarded())


def run() -> None:
    """Run the command that the arguments name; every known error is one line and an exit code."""
    terminal.open_missing()
    with terminal.guarded():
        _run()


def _run() -> None:
    try:
        code = app(prog_name="skydeck", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except* typer.TyperException as group:
        _refuse(group.exceptions[0])
    except* typer.Abort:
        terminal.err("skydeck: stopped.\n")
        sys.exit(_INTERRUPTED)
    except* SkydeckError as group:
        error = _innermost(group)
        terminal.err(f"skydeck: {error}\n")
        sys.exit(error.exit_code)
    except* MemoryError:
        terminal.err("skydeck: memory is short. `skydeck doctor` says how much the models take.\n")
        sys.exit(SkydeckError.exit_code)
    except* KeyboardInterrupt:
        terminal.err("skydeck: stopped.\n")
        sys.exit(_INTERRUPTED)


def _refuse(error: BaseException) -> Never:
    """Say in one line what is wrong with the arguments; without any, show the help."""
    context = getattr(error, "ctx", None)
    words = error.format_message() if isinstance(error, typer.TyperException) else str(error)
    if words:  # rich has written the help already
        hint = "" if context is None else f" See: {context.command_path} --help"
        terminal.err(f"skydeck: {_sentence(words, error)}{hint}\n")
    sys.exit(getattr(error, "exit_code", WrongUse.exit_code))


def _sentence(words: str, error: BaseException) -> str:
    """Typer's words about an argument, as we would say it."""
    if possible := getattr(error, "possibilities", None):
        words = f"{getattr(error, 'message', '')}. Did you mean {' or '.join(sorted(possible))}?"
    for theirs, ours in _PHRASES:
        words = words.replace(theirs, ours)
    line = clean_excerpt(words)
    return line if line.endswith((".", "?", "!")) else f"{line}."


def _innermost(group: BaseExceptionGroup[SkydeckError]) -> SkydeckError:
    inner: BaseException = group
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    if isinstance(inner, SkydeckError):
        return inner
    raise AssertionError("except* let another kind of error through")
