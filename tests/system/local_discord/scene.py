"""A bot without a library: raw requests to a local Discord, for what discord.py would not send."""

from __future__ import annotations

import io
import json
from typing import Any

import aiohttp

from local_discord import posting, threads
from local_discord.interactions import Interaction, Kind
from local_discord.local_discord import LocalDiscord
from local_discord.posting import Draft
from local_discord.rest import API
from local_discord.values import Attachment, Channel, Json, Message, Permission

Answer = tuple[int, Json]


class Scene:
    """A guild with the bot and Ana in it, and what a bot may ask of Discord there.

    No gateway is connected: interactions are made as if they had been delivered.
    """

    def __init__(self, sim: LocalDiscord, http: aiohttp.ClientSession) -> None:
        self.sim, self.http = sim, http
        self.backend = sim.backend
        self.world = self.backend.world
        self.guild = sim.guild("Test")
        self.channel = self.guild.channel("general")
        self.ana = self.guild.member("Ana")
        self.backend.interactions._deliver = lambda *_: True

    # --- requests ------------------------------------------------------------------------------

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        files: dict[int, bytes] | None = None,
        raw: bytes | None = None,
        token: str | None = None,
    ) -> Answer:
        """One request; with `files` it is multipart."""
        headers = {"Authorization": f"Bot {token or self.sim.token}"}
        data: Any = raw
        if raw is not None or (body is not None and files is None):
            headers["Content-Type"] = "application/json"
            data = raw if raw is not None else json.dumps(body).encode()
        elif files is not None:
            data = aiohttp.FormData(default_to_multipart=True)
            data.add_field("payload_json", json.dumps(body or {}), content_type="application/json")
            for number, content in files.items():
                data.add_field(
                    f"files[{number}]", io.BytesIO(content), filename=f"file{number}.bin"
                )
        url = f"{self.sim.base_url}{API}{path}"
        async with self.http.request(method, url, data=data, headers=headers) as answer:
            return answer.status, await answer.json() if answer.status != 204 else {}

    async def post(self, body: Json, *, to: Channel | None = None, **more: Any) -> Answer:
        """A message by the channel's route."""
        return await self.send("POST", f"{self.messages(to)}", body, **more)

    async def edit(self, one: Message, body: Json, **more: Any) -> Answer:
        """An edit by the channel's route."""
        path = f"{self.messages(one.channel)}/{one.id}"
        return await self.send("PATCH", path, body, **more)

    async def answer(self, one: Interaction, kind: int, data: Json | None = None) -> Answer:
        """The first answer to an interaction."""
        path = f"/interactions/{one.id}/{one.token}/callback"
        return await self.send("POST", path, {"type": kind, "data": data or {}})

    async def follow_up(self, one: Interaction, body: Json) -> Answer:
        """A follow-up by an interaction's token."""
        return await self.send("POST", f"/webhooks/{self.sim.bot.id}/{one.token}", body)

    async def register(self, *commands: Json, guild: bool = False) -> Answer:
        """The whole set of commands, of the guild or of all."""
        place = f"/guilds/{self.guild.id}" if guild else ""
        path = f"/applications/{self.sim.bot.id}{place}/commands"
        return await self.send("PUT", path, list(commands))

    def messages(self, channel: Channel | None = None) -> str:
        """The path of a channel's messages."""
        return f"/channels/{(channel or self.channel).id}/messages"

    # --- what is there -------------------------------------------------------------------------

    def own(self, text: str = "own", channel: Channel | None = None, **more: Any) -> Message:
        """A message of the bot."""
        return posting.post(self.world, channel or self.channel, self.sim.bot, Draft(text, **more))

    def hers(self, text: str = "hers", channel: Channel | None = None) -> Message:
        """A message of Ana."""
        return posting.post(self.world, channel or self.channel, self.ana.user, Draft(text))

    def file(self) -> Attachment:
        """A file that a message may carry."""
        return self.world.file(self.channel, "a.txt", "text/plain", b"a")

    def thread(self, *, archived: bool = False, locked: bool = False) -> Channel:
        """A thread that Ana has started."""
        thread = threads.start(self.world, self.channel, self.ana.user, "thread")
        assert thread.thread is not None
        thread.thread.members.add(self.sim.bot.id)
        thread.thread.archived, thread.thread.locked = archived, locked
        return thread

    def interaction(
        self,
        kind: Kind = Kind.COMMAND,
        message: Message | None = None,
        *,
        by_user: bool = False,
    ) -> Interaction:
        """Something that Ana did; `by_user` with an application that she alone has installed."""
        owners = {"1": str(self.ana.id)} if by_user else {"0": str(self.guild.id)}
        data = {"name": "ask", "type": 1}
        return self.backend.interactions.send(
            kind, self.ana.user, self.channel, data, owners, message=message
        )

    def allow(self, *what: Permission, channel: Channel | None = None) -> None:
        """Let the bot do something."""
        self.guild.allow(channel or self.channel, self.sim.bot, *what)

    def deny(self, *what: Permission, channel: Channel | None = None) -> None:
        """Forbid the bot something."""
        self.guild.deny(channel or self.channel, self.sim.bot, *what)
