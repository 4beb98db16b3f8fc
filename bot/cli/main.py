"""The `skydeck` command. This module imports quickly, because `LazyGroup` imports the commands."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from bot import terminal
from bot.cli.lazy import LazyGroup
from bot.errors import SkydeckError

_INTERRUPTED = 130

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
    with terminal.guarded():
        _run()


def _run() -> None:
    try:
        app()
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


def _innermost(group: BaseExceptionGroup[SkydeckError]) -> SkydeckError:
    inner: BaseException = group
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    if isinstance(inner, SkydeckError):
        return inner
    raise AssertionError("except* let another kind of error through")
