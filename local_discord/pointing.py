"""Pointing discord.py at another Discord and back: only addresses change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import discord.asset
import discord.gateway
import discord.http
import yarl


@contextmanager
def pointed_at(base_url: str) -> Iterator[None]:
    """While the block runs, discord.py talks to the local Discord at `http://host:port`."""
    route, gateway = discord.http.Route, discord.gateway.DiscordWebSocket
    asset = discord.asset.Asset
    client = discord.http.HTTPClient
    ws_connect = client.ws_connect
    before = route.BASE, gateway.DEFAULT_GATEWAY, asset.BASE
    route.BASE = f"{base_url}/api/v10"
    gateway.DEFAULT_GATEWAY = yarl.URL(f"ws{base_url.removeprefix('http')}/gateway")
    asset.BASE = f"{base_url}/cdn"

    async def in_the_clear(self: discord.http.HTTPClient, url: str, **more: Any) -> Any:
        # discord.py makes every voice server's address a wss:// one; on the loopback it is not.
        return await ws_connect(self, str(url).replace("wss://127.", "ws://127."), **more)

    setattr(client, "ws_connect", in_the_clear)  # noqa: B010 - a method, which mypy guards
    try:
        yield
    finally:
        setattr(client, "ws_connect", ws_connect)  # noqa: B010
        route.BASE, gateway.DEFAULT_GATEWAY, asset.BASE = before
