"""One answer in a channel: edited while it grows, and split over messages when it is long.

`bot/jobs/edit_throttle.py` says how often it is edited.
"""

import contextlib
import functools
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import aiohttp
import discord

from bot.discord_client import SkyDeck
from bot.i18n import Words, words_for
from bot.jobs.view import Undeliverable
from cogs.shared.discord_retry import NOT_AS_DESCRIBED, Nonces, Unreadable, is_passing, persist
from cogs.shared.fallbacks import TOO_HEAVY, TooHeavy, Way, first_open
from cogs.shared.page import Page, files_of, lighter, messages_of
from cogs.shared.reply import Reply
from cogs.shared.voice_message import VOICE_FILE, Spoken, send_voice_message

log = logging.getLogger(__name__)

NO_MESSAGE: Final = 0
"""The message id while there is no message."""
_ADOPT_LIMIT: Final = 60
"""How many messages after the first are searched for the rest of an answer."""

_MESSAGE_GONE: Final = 10008
_TOO_OLD_TO_EDIT: Final = 30046
"""Discord limits edits of messages that are older than an hour."""
_REPLACEABLE: Final = frozenset({_MESSAGE_GONE, _TOO_OLD_TO_EDIT})
"""Errors of the message rather than its channel: a new message replaces it at once."""
_CHANNEL_SHUT: Final = frozenset({10003, 50001, 50013, 50083, 160005})
"""Unknown channel, no access, no permission, archived thread, locked thread."""
_MAY_NOT_REPLY: Final = frozenset({50013, 160002})
"""A reply needs the permission to read the history, which a message does not need."""
_REFUSED: Final = frozenset({401, 403, 404})
_TROUBLE: Final = (
    discord.HTTPException,
    aiohttp.ClientError,
    OSError,
    TimeoutError,
    *NOT_AS_DESCRIBED,
)


@dataclass(slots=True)
class LiveMessage:
    """An answer; its first message identifies it.

    The answer is posted to the channel with the bot's own token, because an interaction's token
    expires after 15 minutes. The interaction is used only where the bot cannot post.

    Attributes:
        channel_id: The channel; another one if the answer had to be shown there.
        message_id: The first message; replaced if it can no longer be edited, and `NO_MESSAGE`
            while there is none.
        user_id: The person who asked; they get the answer directly if the channel refuses it.
        parts: The further messages, in order.
        nonces: The nonces of its posts.
        reply: The interaction that the first message responds to, if there is one.
        home_id: The parent channel of its thread, if everybody there may see the answer.
        is_shut: Whether the bot cannot post in the channel.
        adopts: Whether another process began it, so that its parts must be found.
        is_copy: Whether it is only shown again, by `reply`, to the person who had missed it.
    """

    bot: SkyDeck
    channel_id: int
    message_id: int
    user_id: int
    parts: list[int] = field(default_factory=list)
    words: Words = field(default_factory=lambda: words_for(None))
    nonces: Nonces = field(default_factory=Nonces)
    reply: Reply | None = None
    home_id: int | None = None
    is_shut: bool = False
    adopts: bool = False
    is_copy: bool = False
    _address: int = field(init=False)
    _shown: dict[int, Page] = field(default_factory=dict)
    _worn_out: list[int] = field(default_factory=list)
    _replied: Page | None = None

    def __post_init__(self) -> None:
        self._address = self.message_id

    @property
    def is_seen(self) -> bool:
        """Whether it is shown by the interaction's own response."""
        return self._replied is not None

    def begin_at(self, message_id: int) -> None:
        """Set the first message."""
        self.message_id = self._address = message_id

    async def refresh(self, page: Page) -> None:
        """Show the answer so far; whatever fails is left to the next refresh.

        A channel that has refused a post is not tried again, because Discord counts refusals.

        Raises:
            discord.HTTPException, Unreadable: It could not be shown.
        """
        if self.message_id == NO_MESSAGE:
            return
        if self.is_shut:
            await self._refresh_reply(page)
            return
        try:
            await self._show(page, replaces=_REPLACEABLE.__contains__)
        except discord.HTTPException as e:
            self.is_shut = e.status in _REFUSED or e.code in _CHANNEL_SHUT
            raise
        except NOT_AS_DESCRIBED as e:
            raise Unreadable("Discord's answer cannot be read") from e

    async def settle(self, page: Page) -> None:
        """Show the final answer: in its place, or as close to it as Discord allows.

        Raises:
            OSError, TimeoutError: Discord does not answer now; try again later.
            Undeliverable: There is nowhere to show it.
        """
        try:
            await self._settle(page)
        except Undeliverable:
            if not self.is_copy:
                await self._leave(self.words("common.kept"))
            raise

    async def _settle(self, page: Page) -> None:
        """Show it as it is; else with its files compressed; else without them, and with a note."""
        for one in lighter(page, self.words("common.files_left_out")):
            try:
                await first_open(self._ways(one))
            except TooHeavy:
                continue
            return
        raise Undeliverable("refused for its size")

    async def speak(self, spoken: Spoken) -> None:
        """Post the spoken answer, after the text is settled.

        Raises:
            OSError, TimeoutError: Discord does not answer now; try again later.
            Undeliverable: There is nowhere to post it.
        """
        await first_open(self._ways_to_speak(spoken))

    async def remove(self) -> None:
        """Delete the answer's messages.

        Raises:
            discord.HTTPException: They could not be deleted.
        """
        for one in (*self.parts, self.message_id):
            await self._delete(one)

    async def withdraw(self) -> None:
        """Delete what is shown of it; whatever Discord does not let the bot delete stays.

        Raises:
            OSError, TimeoutError: Discord does not answer now; try again later.
        """
        if self.message_id == NO_MESSAGE:
            return
        if self.adopts:
            await persist(self._adopt)
        for one in (*self.parts, self.message_id):
            try:
                await persist(functools.partial(self._delete, one))
            except discord.HTTPException as e:
                if is_passing(e):
                    raise TimeoutError("Discord limits us") from e
                log.info("a message of a withdrawn answer stays: %s", e.code)

    async def _adopt(self) -> None:
        """Find the further messages of an answer that another process began."""
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
                and not message.flags.voice
            ]
        except discord.HTTPException as e:
            if is_passing(e):
                raise
            log.info("the parts of an answer were not looked up: %s", e.code)
        self.adopts = False

    # -- where it belongs --------------------------------------------------------------------

    async def _show(self, page: Page, *, replaces: Callable[[int], bool]) -> None:
        """Update the channel's messages.

        Args:
            page: The page to show.
            replaces: Whether a new message replaces one whose edit is refused with this code.
        """
        if self.adopts:
            await self._adopt()
        rest = [self.message_id, *self.parts] if self.message_id != NO_MESSAGE else []
        done: list[int] = []
        for one in messages_of(page):
            while rest and not await self._holds(rest[0], one, replaces):
                rest.pop(0)
            if rest:
                done.append(rest.pop(0))
            else:
                done.append(await self._post(one, len(done)))
            self.message_id, *self.parts = [*done, *rest]
        for surplus in rest:
            await self._delete(surplus)
        self.parts = done[1:]
        while self._worn_out:
            with contextlib.suppress(discord.HTTPException):  # it is shown, which is what counts
                await self._delete(self._worn_out[-1])
            self._worn_out.pop()

    async def _holds(self, message_id: int, page: Page, replaces: Callable[[int], bool]) -> bool:
        """Show a page in a message; returns False if that can never work."""
        if self._shown.get(message_id) == page:
            return True
        channel = self.bot.get_partial_messageable(self.channel_id)
        try:
            await channel.get_partial_message(message_id).edit(
                content=page.text, embeds=page.embeds, view=page.view, attachments=files_of(page)
            )
        except discord.HTTPException as e:
            if is_passing(e) or e.status == TOO_HEAVY or not replaces(e.code):
                raise
            if e.code != _MESSAGE_GONE:
                self._worn_out.append(message_id)
            return False
        self._shown[message_id] = page
        if message_id in self._worn_out:  # from an attempt that did not finish
            self._worn_out.remove(message_id)
        return True

    async def _post(self, page: Page, place: int) -> int:
        first = discord.MessageReference(
            message_id=self._address, channel_id=self.channel_id, fail_if_not_exists=False
        )
        try:
            posted = await self._send(self.channel_id, page, str(place), reference=first)
        except discord.Forbidden as e:
            if e.code not in _MAY_NOT_REPLY:
                raise
            posted = await self._send(self.channel_id, page, f"{place}p")
        self._shown[posted] = page
        return posted

    async def _send(
        self,
        channel_id: int,
        page: Page,
        name: str,
        *,
        reference: discord.MessageReference | None = None,
    ) -> int:
        channel = self.bot.get_partial_messageable(channel_id)
        more: dict[str, Any] = {} if reference is None else {"reference": reference}
        if page.view is not None:
            more["view"] = page.view

        async def send(nonce: str) -> discord.Message:
            return await channel.send(
                page.text,
                embeds=list(page.embeds),
                files=files_of(page),
                mention_author=False,
                nonce=nonce,
                **more,
            )

        return (await self.nonces.post(name, send)).id

    async def _delete(self, message_id: int) -> None:
        channel = self.bot.get_partial_messageable(self.channel_id)
        with contextlib.suppress(discord.NotFound):
            await channel.get_partial_message(message_id).delete()

    # -- where it can be shown ---------------------------------------------------------------

    def _ways(self, page: Page) -> Iterator[Way]:
        """The ways to show the final answer, best first."""
        if self.is_copy:
            yield functools.partial(self._edit_reply, replace(page, view=None))
            return
        by_reply = functools.partial(self._edit_reply, page)
        in_place = functools.partial(self._show, page, replaces=lambda _: True)
        if self.is_shut and self._can_reply:
            yield by_reply
        if self.message_id != NO_MESSAGE:
            yield in_place
        if not self.is_shut and self._can_reply:
            yield by_reply
        home_id = self._home()
        if home_id is not None and self.message_id != NO_MESSAGE:
            note = self.words("common.at_home", who=f"<@{self.user_id}>", place=self._place())
            yield functools.partial(self._retreat, home_id, "h", _headed(note, page), _Trail())
        yield functools.partial(self._retreat_directly, page, _Trail())

    async def _retreat_directly(self, page: Page, trail: "_Trail") -> None:
        channel = await self.bot.create_dm(discord.Object(self.user_id))
        if channel.id == self.channel_id and self.message_id != NO_MESSAGE:
            note = ""
        else:
            note = self.words("common.directly", place=self._place())
        page = replace(_headed(note, page), view=None)
        await self._retreat(channel.id, "d", page, trail)

    async def _retreat(self, channel_id: int, way: str, page: Page, trail: "_Trail") -> None:
        """Show it in another channel, and leave a note in its place."""
        pages = messages_of(page)
        try:
            for place in range(len(trail.posted), len(pages)):
                name = f"{way}{place}"
                trail.posted.append(await self._send(channel_id, pages[place], name))
        except discord.HTTPException as e:
            if not is_passing(e):
                await self._take_back(channel_id, trail)
            raise
        there = "common.moved" if way == "h" else "common.moved_directly"
        await self._leave(self.words(there, place=f"<#{channel_id}>"))
        self.channel_id, self.is_shut, self.reply = channel_id, False, None
        self.message_id, *self.parts = trail.posted
        self._address = self.message_id
        self._shown = dict(zip(trail.posted, pages, strict=True))

    async def _take_back(self, channel_id: int, trail: "_Trail") -> None:
        """Delete a partial answer, before the whole one is shown in another way."""
        channel = self.bot.get_partial_messageable(channel_id)
        while trail.posted:
            with contextlib.suppress(*_TROUBLE):
                await channel.get_partial_message(trail.posted[-1]).delete()
            trail.posted.pop()

    async def _leave(self, note: str) -> None:
        """Remove the placeholder and dead buttons; failures do not matter, the answer is safe."""
        if self.message_id == NO_MESSAGE:
            return
        page = Page(text=note)
        channel = self.bot.get_partial_messageable(self.channel_id)
        first = channel.get_partial_message(self.message_id)
        edit = functools.partial(first.edit, content=note, embeds=[], attachments=[], view=None)
        tries: list[Callable[[], Awaitable[object]]] = [edit, first.delete]
        if self._can_reply and self.reply is not None:
            tries.insert(0 if self.is_shut else 1, functools.partial(self.reply.edit, page))
        for one in tries:
            try:
                await one()
            except _TROUBLE:
                continue
            break
        for part in self.parts:
            with contextlib.suppress(*_TROUBLE):
                await self._delete(part)

    def _home(self) -> int | None:
        """The parent channel of a thread, if everybody who sees the channel sees the thread."""
        if self.home_id is not None:
            return self.home_id
        thread = self.bot.get_channel(self.channel_id)
        if isinstance(thread, discord.Thread) and not thread.is_private():
            return thread.parent_id
        return None

    def _place(self) -> str:
        return f"<#{self.channel_id}>"

    # -- by the interaction's token ----------------------------------------------------------

    @property
    def _can_reply(self) -> bool:
        return self.reply is not None and self.reply.is_open and self.message_id != NO_MESSAGE

    async def _edit_reply(self, page: Page) -> None:
        if self.reply is None:
            raise AssertionError("only with an interaction")
        self.message_id = await self.reply.edit(page)
        self._replied = page
        for part in self.parts:
            with contextlib.suppress(*_TROUBLE):
                await self._delete(part)
        self.parts = []

    async def _refresh_reply(self, page: Page) -> None:
        if not self._can_reply or self.reply is None:
            return
        if self.reply.is_closing:  # this message could never be edited again
            page = Page(text=self.words("common.will_be_direct"))
        if page == self._replied:
            return
        try:
            await self.reply.edit(page)
        except discord.HTTPException as e:
            if not is_passing(e):
                self.reply = None  # the token has expired, or the message was deleted
            raise
        self._replied = page

    # -- aloud -------------------------------------------------------------------------------

    def _ways_to_speak(self, spoken: Spoken) -> Iterator[Way]:
        by_reply = functools.partial(self._attach, spoken)
        if self.is_copy:
            yield by_reply
            return
        if self._replied is not None and self._can_reply:
            yield by_reply
        else:
            yield functools.partial(self._say, self.channel_id, self.message_id, "v", spoken)
            if self._can_reply:
                yield by_reply
        yield functools.partial(self._say_directly, spoken)

    async def _say(self, channel_id: int, reply_to: int, name: str, spoken: Spoken) -> None:
        await send_voice_message(
            self.bot, channel_id, spoken, reply_to=reply_to, nonces=self.nonces, name=name
        )

    async def _say_directly(self, spoken: Spoken) -> None:
        channel = await self.bot.create_dm(discord.Object(self.user_id))
        await self._say(channel.id, NO_MESSAGE, "dv", spoken)

    async def _attach(self, spoken: Spoken) -> None:
        if self.reply is None:
            raise AssertionError("only with an interaction")
        shown = self._replied or self._shown.get((self.parts or [self.message_id])[-1]) or Page()
        await self.reply.edit(replace(shown, files=(*shown.files, (VOICE_FILE, spoken.data))))


@dataclass(slots=True)
class _Trail:
    """The posts of one way to show an answer, over all its attempts."""

    posted: list[int] = field(default_factory=list)


def _headed(note: str, page: Page) -> Page:
    return replace(page, text="\n".join(filter(None, [note and f"-# {note}", page.text])))
