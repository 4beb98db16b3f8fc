"""`skydeck serve`: the three services for others to use, as RunPod would serve them."""

import sys
from typing import Annotated

import typer


def serve(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 8010,
    key: Annotated[
        str | None,
        typer.Option(help="The key that callers must send; made up, and shown, if not given."),
    ] = None,
) -> None:
    """Serve Penny, Grace and The Factory on this machine with RunPod's routes, until Ctrl-C.

    The endpoint ids are penny, grace and factory.

    Example: skydeck serve --port 8010 --key secret

    Then: curl -H "Authorization: Bearer secret" http://127.0.0.1:8010/v2/grace/health
    """
    import asyncio  # noqa: PLC0415
    import secrets  # noqa: PLC0415

    from pydantic import SecretStr  # noqa: PLC0415

    from bot.app import serve_until_stopped  # noqa: PLC0415
    from bot.cli.models import pull_with_progress  # noqa: PLC0415
    from bot.settings import load_settings  # noqa: PLC0415

    secret = key or secrets.token_urlsafe()

    def announce(url: str) -> None:
        sys.stderr.write(f"Serving penny, grace and factory at {url} (Ctrl-C stops).\n")
        if key is None:
            sys.stderr.write(f"Key: {secret}\n")

    asyncio.run(
        serve_until_stopped(
            load_settings(),
            port=port,
            key=SecretStr(secret),
            fetch=pull_with_progress,
            on_ready=announce,
        )
    )
