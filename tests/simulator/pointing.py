"""Pointing discord.py at another Discord and back: only three addresses change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import discord.asset
import discord.gateway
import discord.http
import yarl


@contextmanager
def pointed_at(base_url: str) -> Iterator[None]:
    """While the block runs, discord.py talks to the simulator at `http://host:port`."""
    route, gateway = discord.http.Route, discord.gateway.DiscordWebSocket
    asset = discord.asset.Asset
    before = route.BASE, gateway.DEFAULT_GATEWAY, asset.BASE
    route.BASE = f"{base_url}/api/v10"
    gateway.DEFAULT_GATEWAY = yarl.URL(f"ws{base_url.removeprefix('http')}/gateway")
    asset.BASE = f"{base_url}/cdn"
    try:
        yield
    finally:
        route.BASE, gateway.DEFAULT_GATEWAY, asset.BASE = before
