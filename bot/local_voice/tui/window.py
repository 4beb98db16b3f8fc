"""Draws the window at once, and brings in behind it what a conversation needs.

That takes as long as three windows: the services, the voice session, NumPy.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, TypeAlias

from bot.local_voice.tui.app import TalkApp
from bot.local_voice.view import View

if TYPE_CHECKING:
    from bot.local_voice.controller import TalkController

Opening: TypeAlias = AbstractAsyncContextManager["TalkController"]


async def show(first: View, load: Callable[[], Opening]) -> None:
    """Show a conversation until the person leaves.

    Args:
        first: What is drawn until there is a controller.
        load: Imports what the conversation needs; blocking, so another thread calls it.

    Raises:
        SkydeckError: The conversation cannot be opened; in a group.
    """
    app = TalkApp(None, first=first)
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_talk(app, load, over))
        try:
            await app.run_async()
        finally:
            over.set()
            app.is_drawn.set()


async def _talk(app: TalkApp, load: Callable[[], Opening], over: asyncio.Event) -> None:
    await app.is_drawn.wait()
    if over.is_set():
        return
    async with await asyncio.to_thread(load) as controller:
        app.take(controller)
        await over.wait()
