"""A tab of the page without a browser: its socket, as page.js uses it."""

# mypy: ignore-errors

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp


class Tab:
    """A socket of the page.

    Attributes:
        state: The last that it was told, other events by their names, too.
        messages: The HTML of those on the screen, by id, in order.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.state = {}
        self.messages = {}
        self.typing = []
        self.notices = []
        self.answers = {}
        self.frames = 0
        self._number = 0

    async def hears(self, fits):
        """Read on until this is so of the tab."""
        while not fits(self):
            self.take(json.loads(await self.socket.receive_str()))
        return self

    def take(self, told):
        """Take a frame as the page does."""
        self.frames += 1
        if "re" in told:
            self.answers[told["re"]] = told
        elif told["event"] == "state":
            self.state = told
        elif told["event"] == "messages":
            self.messages = {one["id"]: one["html"] for one in told["messages"]}
        elif told["event"] == "message":
            self.messages[told["id"]] = told["html"]
        elif told["event"] == "gone":
            self.messages.pop(told["id"], None)
        elif told["event"] == "typing":
            self.typing = told["names"]
        elif told["event"] == "notice":
            self.notices.append(told["text"])

    async def asks(self, act, **fields):
        """The answer to an act: its `data` or its `error`."""
        self._number += 1
        number = self._number
        await self.socket.send_json({"id": number, "do": act, **fields})
        await self.hears(lambda tab: number in tab.answers)
        return self.answers[number]

    async def does(self, act, **fields):
        """The data of an act that must be possible."""
        told = await self.asks(act, **fields)
        assert "error" not in told, told["error"]
        return told["data"]

    def channel(self, name):
        """A channel of the list, by its name."""
        all_ = [one for server in self.state["servers"] for one in server["channels"]]
        return next((one for one in all_ if one["name"] == name), None)

    def person(self, name):
        """Somebody's id."""
        return next(one["id"] for one in self.state["people"] if one["name"] == name)

    @property
    def last(self):
        """The HTML of the last message."""
        return next(reversed(self.messages.values()), "")


@asynccontextmanager
async def tab(address: str, who: str = "Ana") -> AsyncIterator[Tab]:
    """A tab until the block ends.

    Args:
        address: The page's, with its token.
        who: A person's name or id.
    """
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    async with (
        aiohttp.ClientSession(headers={"Origin": origin}) as session,
        session.ws_connect(f"{origin}/socket?{parts.query}&as={who}", max_msg_size=0) as socket,
    ):
        one = Tab(socket)
        await one.hears(lambda it: it.state)
        yield one
