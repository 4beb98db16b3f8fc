"""One tab of a browser: who it is, what it looks at, and what it is told."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from aiohttp import WSMsgType, web

from local_discord.client_words import Phrase
from local_discord.errors import ApiError, CannotDo, NotSeen
from local_discord.values import NO_INTENT, Channel, Json, Message, User
from local_discord.world import Event

from .view import SHOWN, View

if TYPE_CHECKING:
    from local_discord.people import Person

    from .desk import Desk

Act = Callable[["Tab", Json], Awaitable[Json | None]]
"""What a tab may ask for: it takes the tab and a frame's fields, and returns the answer's data."""

log = logging.getLogger(__name__)

FRAME_MAX_BYTES: Final = 256 * 1024
ACTS_AT_ONCE: Final = 32
ACTS_PER_SECOND: Final = 50
OUTBOX_MAX_BYTES: Final = 8 * 1024 * 1024
"""What waits for a browser that reads slowly; then its socket is closed, and it can come again."""
TYPING_SECONDS: Final = 10.0
CLOSE_TOO_SLOW: Final = 1013
BROKEN: Final = "the page could not do that; what failed is in the terminal"
_STATE = ("CHANNEL_", "THREAD_", "GUILD_", "VOICE_STATE")


class Tab:
    """A socket and the person in front of it."""

    def __init__(
        self,
        desk: Desk,
        socket: web.WebSocketResponse,
        transport: asyncio.BaseTransport | None,
        user: User,
        acts: dict[str, Act],
        at: str = "",
    ) -> None:
        self.desk = desk
        self._socket = socket
        self._transport = transport
        self._acts = acts
        self._world = desk.sim.backend.world
        self._loop = asyncio.get_running_loop()
        self._outbox: deque[str] = deque()
        self._held_bytes = 0
        self._more = asyncio.Event()
        self._changed: dict[int, Message] = {}
        self._is_state_old = False
        self._flushing: asyncio.Handle | None = None
        self._typing: dict[int, asyncio.TimerHandle] = {}
        self._acted: deque[float] = deque(maxlen=ACTS_PER_SECOND)
        self.view = View(desk, user)
        self.here = self._channel(at) or self._first_channel()

    # --- who and where -------------------------------------------------------------------------

    @property
    def user(self) -> User:
        """Who they are."""
        return self.view.user

    @property
    def me(self) -> Person:
        """Who they are, where they look."""
        return self.desk.person(self.user, self.here.guild)

    def become(self, user: User) -> None:
        """Be somebody else, in the same channel if that one sees it."""
        self.view = View(self.desk, user)
        if not self.view.sees(self.here):
            self.here = self._first_channel()
        self.greet()

    def look(self, channel: Channel) -> None:
        """Look at a channel."""
        self.here = channel
        self.greet()

    def greet(self) -> None:
        """Tell all that is on the screen."""
        for timer in self._typing.values():
            timer.cancel()
        self._typing.clear()
        self._changed.clear()
        self.desk.mark(self.user, self.here)
        self.tell("state", **self.view.state(self.here))
        self.tell("messages", channel=str(self.here.id), **self.view.latest(self.here))
        self._tell_typing()
        self.tell_of_bot()
        for greet in self.desk.greeters:
            greet(self)

    def tell_of_bot(self) -> None:
        """Tell whether the bot is online."""
        online = self.desk.sim.gateway.online
        self.tell("bot", name=self._world.bot.name, online=online)

    def _channel(self, number: str) -> Channel | None:
        """The channel where the tab was before its connection was lost."""
        if re.fullmatch("[0-9]{1,20}", number) is None:
            return None
        channel = self._world.channels.get(int(number))
        return channel if channel is not None and self.view.sees(channel) else None

    def _first_channel(self) -> Channel:
        for guild in self._world.guilds.values():
            if self.user.id in guild.members:
                for channel in self.view.channels(guild):
                    return channel
        return self._world.dm(self.user)

    # --- what happens --------------------------------------------------------------------------

    def watch(self, event: Event, about: Message | None) -> None:
        """Something happened in the local Discord."""
        if event.name == "TYPING_START":
            self._types(event)
        elif about is not None:
            self._message(event, about)
        elif event.name == "MESSAGE_DELETE_BULK" and event.channel is self.here:
            for number in event.data(NO_INTENT)["ids"]:
                self.tell("gone", channel=str(self.here.id), id=number)
        elif event.name.startswith(_STATE):
            self._is_state_old = True
            self._flush_soon()

    def _message(self, event: Event, one: Message) -> None:
        if one.visible_to not in (None, self.user):
            return
        parent = one.channel.parent
        if parent is self.here and (starter := parent.messages.get(one.channel.id)):
            self._change(starter)  # it says how many messages the thread has
        if one.channel is not self.here:
            self._is_state_old |= event.name == "MESSAGE_CREATE" and self.view.sees(one.channel)
            self._flush_soon()
            return
        if event.name == "MESSAGE_CREATE" and (timer := self._typing.pop(one.author.id, None)):
            timer.cancel()
            self._tell_typing()
        if one.deleted:
            self._changed.pop(one.id, None)
            self.tell("gone", channel=str(self.here.id), id=str(one.id))
            if (next_one := self.view.following(one)) is not None:
                self._change(next_one)
            return
        self._change(one)

    def _change(self, one: Message) -> None:
        self._changed[one.id] = one
        self._flush_soon()

    def _flush_soon(self) -> None:
        if self._flushing is None:  # many changes of one moment are one frame each, not many
            self._flushing = self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = None
        if self.here.id not in self._world.channels or not self.view.sees(self.here):
            self._is_state_old = False
            self.look(self._first_channel())
            return
        changed = [one for one in self._changed.values() if self.view.shows(one)]
        self._changed.clear()
        if len(changed) > SHOWN:
            self.tell("messages", channel=str(self.here.id), **self.view.latest(self.here))
        else:
            for told in self.view.messages(changed):
                self.tell("message", **told)
        if changed:
            self.desk.mark(self.user, self.here)
        if self._is_state_old:
            self._is_state_old = False
            self.tell("state", **self.view.state(self.here))

    def _types(self, event: Event) -> None:
        number = int(event.data(NO_INTENT)["user_id"])
        if event.channel is not self.here or number == self.user.id:
            return
        if (timer := self._typing.pop(number, None)) is not None:
            timer.cancel()
        self._typing[number] = self._loop.call_later(TYPING_SECONDS, self._stops_typing, number)
        self._tell_typing()

    def _stops_typing(self, number: int) -> None:
        if self._typing.pop(number, None) is not None:
            self._tell_typing()

    def _tell_typing(self) -> None:
        names = [self._world.users[number].name for number in self._typing]
        self.tell("typing", channel=str(self.here.id), names=names)

    # --- the socket ----------------------------------------------------------------------------

    def tell(self, event: str, **fields: object) -> None:
        """Tell the page of an event."""
        self._send({"event": event, **fields})

    def _send(self, body: Json) -> None:
        if self._socket.closed:
            return
        text = json.dumps(body)  # ASCII: also half a character, which no frame can carry, passes
        self._held_bytes += len(text)
        self._outbox.append(text)
        if self._held_bytes > OUTBOX_MAX_BYTES and len(self._outbox) > 1:
            log.warning("a tab of %s reads too slowly; its socket is closed", self.user.name)
            self.cut()
        self._more.set()

    def cut(self) -> None:
        """Close the socket without waiting for a browser that does not read."""
        self._outbox.clear()
        self._held_bytes = 0
        if self._transport is not None:
            abort = getattr(self._transport, "abort", self._transport.close)
            abort()

    async def serve(self) -> None:
        """Serve the tab until its socket closes."""
        self._world.watchers.append(self.watch)
        try:
            self.greet()
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._write())
                try:
                    await self._read(tasks)
                finally:
                    writer.cancel()
        finally:
            self._world.watchers.remove(self.watch)
            if self._flushing is not None:
                self._flushing.cancel()
            for timer in self._typing.values():
                timer.cancel()
            for leave in self.desk.leavers:
                leave(self)

    async def _write(self) -> None:
        while not self._socket.closed:
            await self._more.wait()
            self._more.clear()
            while self._outbox:
                text = self._outbox.popleft()
                with suppress(ConnectionError):
                    await self._socket.send_str(text)
                self._held_bytes = max(0, self._held_bytes - len(text))

    async def _read(self, tasks: asyncio.TaskGroup) -> None:
        running: set[asyncio.Task[None]] = set()
        try:
            async for frame in self._socket:
                if frame.type is not WSMsgType.TEXT:
                    return
                if (asked := self._asked(frame.data, len(running))) is not None:
                    task = tasks.create_task(self._do(asked))
                    running.add(task)
                    task.add_done_callback(running.discard)
        finally:
            for task in running:
                task.cancel()

    def _asked(self, text: str, running: int) -> Json | None:
        """What a frame asks for; None: it was refused."""
        try:
            asked = json.loads(text)
            asked = _whole(asked) if "\\ud" in text.lower() else asked
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict) or not isinstance(asked.get("id"), int):
            return None
        now = self._loop.time()
        full = len(self._acted) == self._acted.maxlen and self._acted[0] > now - 1
        self._acted.append(now)
        if full or running >= ACTS_AT_ONCE:
            self._refuse(asked, CannotDo("too many at once: wait a second"))
            return None
        return asked

    def _act(self, name: str) -> Act:
        if name not in self._acts:
            raise CannotDo("there is no act “{name}”", name=name[:40])
        return self._acts[name]

    def _refuse(self, asked: Json, why: CannotDo) -> None:
        self._send({"re": asked["id"], "error": why.told(self.user.locale)})

    async def _do(self, asked: Json) -> None:
        try:
            data = await self._act(str(asked.get("do")))(self, asked)
        except CannotDo as refused:
            self._refuse(asked, refused)
        except NotSeen as late:
            log.info("the page waited for what did not come: %s", late)
            self._refuse(asked, CannotDo("nothing came in time; try it again"))
        except ApiError as refused:
            self._refuse(asked, CannotDo("{why}", why=Phrase(refused.message)))
        except Exception:
            log.exception("the page's %r failed", asked.get("do"))
            self._refuse(asked, CannotDo(BROKEN))
        else:
            self._send({"re": asked["id"], "data": data})


def _whole(value: Any) -> Any:
    """JSON without halves of characters, which Discord does not take."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    return value
