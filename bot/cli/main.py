"""The `skydeck` command. This module imports quickly, because `LazyGroup` imports the commands."""

import contextlib
import errno
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Never

import typer

from bot import terminal
from bot.cli import bash_completion
from bot.cli.lazy import LazyGroup
from bot.errors import SkydeckError, WrongUse, errors_in
from bot.reasons import reason_of, validation_in_words
from bot.sanitize import clean_excerpt

_INTERRUPTED = 130

_UNWRITABLE: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""What a full or broken disk says, on which our output may be."""

bash_completion.install()
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
        from importlib.metadata import version  # noqa: PLC0415  (slow to import)

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
    with terminal.guarded(), _told_of_full_disk():
        if not _has_folder():
            terminal.err("skydeck: This folder no longer exists. Change to another one: cd ~\n")
            sys.exit(WrongUse.exit_code)
        _run()


def _has_folder() -> bool:
    """Whether relative paths mean something: who stands in a deleted folder cannot open any."""
    try:
        Path.cwd()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _told_of_full_disk() -> Iterator[None]:
    try:
        yield
    except OSError as e:
        if e.errno not in _UNWRITABLE:
            raise
        terminal.discard_output()
        terminal.err(
            f"skydeck: the output cannot be written ({reason_of(e)}). Make room, or send it "
            "elsewhere.\n"
        )
        sys.exit(SkydeckError.exit_code)


def _run() -> None:
    try:
        code = app(prog_name="skydeck", standalone_mode=False)
        sys.stdout.flush()  # Python would do it at the end, and fail with words of its own
        sys.exit(code if isinstance(code, int) else 0)
    except* typer.TyperException as group:
        _refuse(group.exceptions[0])
    except* typer.Abort:
        terminal.err("skydeck: stopped.\n")
        sys.exit(_INTERRUPTED)
    except* SkydeckError as group:
        error = errors_in(group)[0]
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
    line = clean_excerpt(validation_in_words(words).replace("No such", "There is no"))
    return line if line.endswith((".", "?", "!")) else f"{line}."
