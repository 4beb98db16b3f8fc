"""`skydeck serve`: it serves the three services to other programs, as RunPod would."""

import asyncio
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from bot.errors import BadInput, BadSettings
from bot.settings import Settings, load_settings

_MAX_KEY_BYTES = 4096
_SET_ONE = "Set SKYDECK_SERVE_KEY or give --key-file; without either, the server generates a key."


def serve(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 8010,
    key_file: Annotated[
        Path | None,
        typer.Option(help="A file whose first line is the key that callers must send."),
    ] = None,
    key: Annotated[str | None, typer.Option(hidden=True)] = None,
    status: Annotated[
        bool,
        typer.Option("--status", help="Say what keeps the models loaded for ask, call and talk."),
    ] = False,
    stop: Annotated[
        bool, typer.Option("--stop", help="End that, and so free the memory at once.")
    ] = False,
    on_demand: Annotated[bool, typer.Option("--on-demand", hidden=True)] = False,
) -> None:
    """Serve Penny, Grace and The Factory on this machine with RunPod's routes, until Ctrl-C.

    The endpoint ids are penny, grace and factory. The key comes from --key-file or
    SKYDECK_SERVE_KEY; without either, the server generates a key and shows it once.

    `skydeck ask`, `call` and `talk` start a service of their own, which keeps the models loaded
    for a few minutes (SKYDECK_KEEP_LOADED_S); --status and --stop are about that one.

    Example: skydeck serve --port 8010

    Example: skydeck serve --status

    Then: curl -H "Authorization: Bearer THE-KEY" http://127.0.0.1:8010/v2/grace/health
    """
    if on_demand:
        from bot.cli.on_demand import run_on_demand  # noqa: PLC0415  (the process of its own)

        return run_on_demand()
    if status or stop:
        from bot.cli.serve_status import show_status, stop_service  # noqa: PLC0415

        return stop_service() if stop else show_status()
    _serve(port, key_file, key)
    return None


def _serve(port: int, key_file: Path | None, key: str | None) -> None:
    settings = load_settings()
    given = _given(key, key_file, settings)
    secret = secrets.token_urlsafe() if given is None else _checked(given)

    def announce(url: str) -> None:
        sys.stderr.write(f"Serving penny, grace and factory at {url} (Ctrl-C stops).\n")
        if given is None:
            sys.stderr.write(f"Key: {secret}\n")

    from bot.cli.models import pull_with_progress  # noqa: PLC0415  (--status needs none)
    from bot.composition import serve_until_stopped  # noqa: PLC0415

    asyncio.run(
        serve_until_stopped(
            settings,
            port=port,
            key=SecretStr(secret),
            fetch=pull_with_progress,
            on_ready=announce,
        )
    )


def _given(key: str | None, key_file: Path | None, settings: Settings) -> str | None:
    """The key that the person chose; None if they chose none.

    Raises:
        BadInput: The key file cannot be read.
    """
    if key is not None:
        sys.stderr.write(
            "skydeck: everybody who has an account on this machine can read --key in the list of "
            "processes. Use SKYDECK_SERVE_KEY or --key-file.\n"
        )
        return key
    if key_file is not None:
        return _first_line(key_file)
    chosen = settings.skydeck_serve_key
    return None if chosen is None else chosen.get_secret_value()


def _first_line(file: Path) -> str:
    try:
        if not file.is_file():  # reading a pipe or a device could wait forever
            raise BadInput(f"{file} is not a file.", hint="Give a file with the key in it.")
        with file.open("rb") as lines:
            key = lines.readline(_MAX_KEY_BYTES + 1)
        if len(key) > _MAX_KEY_BYTES:
            raise BadInput(f"{file} has no key on its first line: it is too long.")
        return key.decode("ascii")
    except OSError as e:
        raise BadInput(f"{file} cannot be read: {e.strerror or e}.") from None
    except ValueError:
        raise _unusable() from None


def _checked(key: str) -> str:
    """Check that an HTTP header can carry the key.

    Raises:
        BadSettings: It cannot.
    """
    key = key.strip()
    if not key:
        raise BadSettings("The server's key is empty.", hint=_SET_ONE)
    if not (key.isascii() and key.isprintable()):
        raise _unusable()
    return key


def _unusable() -> BadSettings:
    return BadSettings(
        "The server's key has characters that no HTTP header can carry.",
        hint="Use ASCII letters, digits and punctuation.",
    )
