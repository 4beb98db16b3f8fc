"""One answer of ours in a channel: edited while it grows, spread over messages when it is long."""

import asyncio
import contextlib
import functools
import io
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

import aiohttp
import discord

from bot.client import SkyDeck
from cogs.shared.splitting import split

log = logging.getLogger(__name__)

PATIENCE_S: Final = 60.0
"""How long Discord's own failures are waited out before an answer has to be shown later."""
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 8.0
_ADOPT_LIMIT: Final = 60
"""How many messages after the first are looked through for the rest of an answer."""
_SERVER_ERROR: Final = 500

_MESSAGE_GONE: Final = frozenset({10008})
_CHANNEL_SHUT: Final = frozenset({10003, 50001, 50013, 50083, 160005})
"""Unknown channel, no access, no permission, archived thread, locked thread."""

_T = TypeVar("_T")


class Undeliverable(Exception):
    """Neither the channel nor the person's direct messages take the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a message is to show.

    Attributes:
        text: Markdown of any length.
        embeds: Under the last piece of the text.
        view: Buttons, under the last piece.
        files: Names and contents, with the last piece.
    """

    text: str = ""
    embeds: tuple[discord.Embed, ...] = ()
    view: discord.ui.View | None = None
    files: tuple[tuple[str, bytes], ...] = ()


@dataclass(slots=True)
class LiveMessage:
    """An answer: its first message exists already, and stays the answer's address.

    Everything goes through the channel with the bot's own token. An interaction's token would
    expire after 15 minutes, in the middle of a long job.

    Attributes:
        bot: Whose message it is.
        channel_id: Where.
        message_id: The first message; another one when somebody has deleted it.
        user_id: For whom: who gets the answer directly when the channel refuses it.
        parts: The further messages, in order.
    """

    bot: SkyDeck
    channel_id: int
    message_id: int
    user_id: int
    parts: list[int] = field(default_factory=list)
    _shown: list[Page] = field(default_factory=list)

    async def refresh(self, page: Page) -> None:
        """Show what there is so far; whatever fails is left to the next time.

        Raises:
            discord.HTTPException: It could not be shown.
        """
        await self._show(page)

    async def settle(self, page: Page) -> None:
        """Show the last word, surely.

        Raises:
            OSError, TimeoutError: Discord does not answer now; to be tried again later.
            Undeliverable: There is nowhere to show it.
        """
        try:
            await persist(lambda: self._show(page))
        except discord.HTTPException as e:
            if e.code not in _CHANNEL_SHUT:
                raise
            await self._deliver_directly(page)

    async def remove(self) -> None:
        """Take it away, as if it had not been.

        Raises:
            discord.HTTPException: It could not be deleted.
        """
        for one in (*self.parts, self.message_id):
            await self._delete(one)

    async def adopt(self) -> None:
        """Find the further messages of an answer that another process had begun."""
        channel = self.bot.get_partial_messageable(self.channel_id)
        own = self.bot.user.id if self.bot.user else 0
        after = discord.Object(self.message_id)
        try:
            self.parts = [
                message.id
                async for message in channel.history(
                    after=after, limit=_ADOPT_LIMIT, oldest_first=True
                )
                if message.author.id == own
                and message.reference is not None
                and message.reference.message_id == self.message_id
            ]
        except discord.HTTPException as e:
            log.info("the parts of an answer were not looked up: %s", e.code)

    async def _show(self, page: Page) -> None:
        pages = _pages(page)
        ids = [self.message_id, *self.parts]
        for place, one in enumerate(pages):
            if place >= len(ids):
                ids.append(await self._post(one, place))
                self.parts = ids[1:]
            elif place >= len(self._shown) or self._shown[place] != one:
                await self._edit(ids[place], one, place)
            self._shown[place : place + 1] = [one]
        for surplus in ids[len(pages) :]:
            await self._delete(surplus)
        self.parts = ids[1 : len(pages)]
        del self._shown[len(pages) :]

    async def _edit(self, message_id: int, page: Page, place: int) -> None:
        channel = self.bot.get_partial_messageable(self.channel_id)
        try:
            await channel.get_partial_message(message_id).edit(
                content=page.text, embeds=page.embeds, view=page.view, attachments=_files(page)
            )
        except discord.NotFound as e:
            if e.code not in _MESSAGE_GONE:
                raise
            new = await self._post(page, place)
            if place == 0:
                self.message_id = new
            else:
                self.parts[place - 1] = new

    async def _post(self, page: Page, place: int) -> int:
        channel = self.bot.get_partial_messageable(self.channel_id)
        first = discord.MessageReference(
            message_id=self.message_id, channel_id=self.channel_id, fail_if_not_exists=False
        )
        # The nonce is made of the place, so that a post whose answer got lost is not repeated.
        sent = await channel.send(
            page.text,
            embeds=list(page.embeds),
            files=_files(page),
            reference=first,
            mention_author=False,
            nonce=f"{self.message_id}.{place}",
            view=page.view if page.view is not None else discord.utils.MISSING,
        )
        return int(sent.id)

    async def _delete(self, message_id: int) -> None:
        channel = self.bot.get_partial_messageable(self.channel_id)
        with contextlib.suppress(discord.NotFound):
            await channel.get_partial_message(message_id).delete()

    async def _deliver_directly(self, page: Page) -> None:
        """The channel is shut: the answer goes to the person who asked, without buttons."""
        try:
            user = await persist(lambda: self.bot.fetch_user(self.user_id))
            for one in _pages(page):
                await persist(functools.partial(_send_directly, user, one))
        except discord.HTTPException as e:
            raise Undeliverable(f"refused with {e.code}") from e


async def persist(call: Callable[[], Awaitable[_T]]) -> _T:
    """Call Discord until it answers; discord.py itself repeats neither 503 nor a broken line.

    Raises:
        discord.HTTPException: Discord refused: another try would not help.
        OSError, TimeoutError: It did not recover within `PATIENCE_S`.
    """
    pause_s = _FIRST_PAUSE_S
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await call()
            except discord.HTTPException as e:
                if e.status < _SERVER_ERROR:
                    raise
            except (aiohttp.ClientError, ConnectionError):
                pass
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)


async def _send_directly(user: discord.User, page: Page) -> None:
    await user.send(page.text, embeds=list(page.embeds), files=_files(page))


def _pages(page: Page) -> list[Page]:
    """One page for each message; what is not text goes with the last."""
    texts = split(page.text) or [""]
    *first, last = texts
    return [
        *(Page(text=text) for text in first),
        Page(text=last, embeds=page.embeds, view=page.view, files=page.files),
    ]


def _files(page: Page) -> list[discord.File]:
    """Fresh ones for each attempt: sending reads them to their end."""
    return [discord.File(io.BytesIO(content), filename=name) for name, content in page.files]
