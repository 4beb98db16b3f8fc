"""The same evening by the tests' people and at the page: the same messages, and nothing refused.

Everything that the bot sends is held against Discord's rules and its published description in both
(`tests/discord_fixtures.py`).
"""

# mypy: ignore-errors

import hashlib
import json
import re
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest

from bot.contract import Service
from local_discord import PATIENCE, CannotDo, File, LocalDiscord
from local_discord.page.server import serving
from tests.fakes.discord_bot import made
from tests.fakes.discord_bot import serving as services
from tests.fakes.handlers import Scripted, echo
from tests.fakes.page_client import tab
from tests.integration.cogs.factory.scripts import Factory
from tests.waiting import until

ID = re.compile(r"\d{17,20}")
TIME = re.compile(r"<t:\d+(:\w)?>")


class Evening:
    """A local Discord with the bot, and what both kinds of hands need of it."""

    def __init__(self, sim, page):
        self.sim = sim
        self.page = page
        self.world = sim.backend.world
        self.guild = next(iter(self.world.guilds.values()))

    def channel(self, name):
        return next(one for one in self.world.channels.values() if one.name == name)

    def user(self, name):
        return next(one for one in self.page.desk.cast if one.name == name)

    def dm(self, name):
        return self.world.dm(self.user(name))

    async def answer(self, words, channel, after=None):
        """The bot's newest message with these words, once it is whole."""
        since = after.id if after else 0

        def found():
            for one in reversed(channel.messages.values()):
                is_bots = one.author is self.sim.bot and not one.deleted and one.id > since
                if is_bots and words in one.text and not one.is_thinking:
                    return one
            return None

        try:
            return await until(found)
        except TimeoutError:
            there = [(one.author_name, one.text[:80]) for one in channel.messages.values()]
            raise AssertionError(f"no {words!r} in {channel.name}: {there}") from None


class ByPerson:
    """Hands as tests have them."""

    def __init__(self, evening):
        self.evening = evening

    def _who(self, name, channel):
        return self.evening.page.desk.person(self.evening.user(name), channel.guild)

    async def says(self, name, text, channel, *, reply_to=None, files=()):
        return await self._who(name, channel).says(text, channel, reply_to=reply_to, files=files)

    async def edits(self, name, message, text):
        await self._who(name, message.channel).edits(message, text)

    async def deletes(self, name, message):
        await self._who(name, message.channel).deletes(message)

    async def reacts(self, name, message, emoji):
        await self._who(name, message.channel).reacts(emoji, on=message)

    async def slash(self, name, command, channel, **options):
        return await self._who(name, channel).slash(f"/{command}", channel, **options)

    async def menu(self, name, command, on):
        return await self._who(name, on.channel).menu(command, on=on)

    async def presses(self, name, label, on):
        return await self._who(name, on.channel).clicks(label, on=on)

    async def submits(self, name, dialog, values, channel):
        await self._who(name, channel).submits(dialog, values)

    async def offers(self, name, command, option, typed, channel):
        found = await self._who(name, channel).autocompletes(f"/{command}", option, typed, channel)
        return [one["value"] for one in found]


class ByPage:
    """Hands at the page: each person has a tab."""

    def __init__(self, evening, stack):
        self.evening = evening
        self._stack = stack
        self._tabs = {}

    async def _at(self, name, channel):
        if name not in self._tabs:
            opened = tab(self.evening.page.address, name)
            self._tabs[name] = await self._stack.enter_async_context(opened)
        await self._tabs[name].does("look", channel=str(channel.id))
        return self._tabs[name]

    async def _does(self, who, channel, act, /, **fields):
        told = await (await self._at(who, channel)).asks(act, **fields)
        if "error" in told:
            raise CannotDo(told["error"])
        return told["data"]

    async def says(self, name, text, channel, *, reply_to=None, files=()):
        uploads = [await self._uploads(one) for one in files]
        more = {"reply_to": str(reply_to.id)} if reply_to else {}
        sent = await self._does(name, channel, "say", text=text, uploads=uploads, **more)
        return channel.messages[int(sent["message"])]

    async def _uploads(self, file):
        page = self.evening.page
        query = {"token": page.desk.token, "name": file.name}
        async with (
            aiohttp.ClientSession(headers={"Origin": page.origin}) as session,
            session.post(f"{page.origin}/upload", params=query, data=file.data) as answer,
        ):
            return (await answer.json())["upload"]

    async def edits(self, name, message, text):
        await self._does(name, message.channel, "edit", message=str(message.id), text=text)

    async def deletes(self, name, message):
        await self._does(name, message.channel, "delete", message=str(message.id))

    async def reacts(self, name, message, emoji):
        await self._does(name, message.channel, "react", message=str(message.id), emoji=emoji)

    async def slash(self, name, command, channel, **options):
        files = {key: one for key, one in options.items() if isinstance(one, File)}
        options |= {key: await self._uploads(one) for key, one in files.items()}
        return await self._does(name, channel, "slash", command=command, options=options)

    async def menu(self, name, command, on):
        return await self._does(name, on.channel, "menu", message=str(on.id), name=command)

    async def presses(self, name, label, on):
        component = on.buttons[label]["custom_id"]
        fields = {"message": str(on.id), "component": component}
        return await self._does(name, on.channel, "press", **fields)

    async def submits(self, name, dialog, values, channel):
        told = dialog["modal"]
        ids = {one["label"]: one["id"] for one in told["fields"]}
        filled = {ids[label]: value for label, value in values.items()}
        await self._does(name, channel, "submit", dialog=told["id"], values=filled)

    async def offers(self, name, command, option, typed, channel):
        fields = {"command": command, "option": option, "typed": typed}
        told = await self._does(name, channel, "complete", **fields)
        return [one["value"] for one in told["options"]]


async def spend(evening, hands):
    """The evening; returns what people were told that is no message."""
    general, builds = evening.channel("general"), evening.channel("builds")
    asked = await hands.says("Ana", "@Alfred good **evening**", general)
    first = await evening.answer("good **evening**", general)
    await hands.says("Marc", "and you, <b>Alfred</b>?", general, reply_to=first)
    await evening.answer("<b>Alfred</b>", general, after=first)
    await hands.reacts("Lucía", first, "👍")
    await hands.edits("Ana", asked, "@Alfred good night")
    file = File("notes.txt", "Read me, ñandú.".encode())
    read = await hands.says("Marc", "@Alfred what does it say?", general, files=[file])
    await evening.answer("ñandú", general, after=read)
    await hands.slash("Lucía", "grace summarize", general, text="Un texto bastante largo.")
    summary = await evening.answer("bastante largo", general, after=read)
    offered = await hands.offers("Lucía", "grace translate", "to", "ita", general)
    opened = await hands.menu("Yuki", "Ask Penny", read)
    await hands.submits(
        "Yuki", opened, {"Your question about this message": "what is this?"}, general
    )
    await evening.answer("what is this?", general, after=summary)
    refused = await refusal(hands.slash("Nico", "grace summarize", general, text="Please"))
    gone = await hands.says("Ana", "@Alfred forget this", general)
    await evening.answer("forget this", general, after=summary)
    await hands.deletes("Ana", gone)
    await build(evening, hands, builds)
    await hands.says("Yuki", "just between us", evening.dm("Yuki"))
    await evening.answer("just between us", evening.dm("Yuki"))
    return {"offered": offered, "refused": refused}


async def build(evening, hands, channel):
    await hands.slash("Marc", "factory build", channel, task="a fizz function")
    thread = await until(lambda: next(iter(evening.world.threads(evening.guild)), None))
    shown = await evening.answer("ran and passed", thread)
    dialog = await hands.presses("Marc", "Refine", shown)
    await hands.submits("Marc", dialog, {"What to change": "more tests"}, thread)
    await evening.answer("ran and passed", thread, after=shown)


async def refusal(act):
    with pytest.raises(CannotDo) as refused:
        await act
    return str(refused.value)


def transcript(evening):
    """Every message that is left, as its readers see it; ids numbered as they come."""
    seen = {}

    def plain(value):
        words = TIME.sub("<t>", json.dumps(value, sort_keys=True, ensure_ascii=False))
        return ID.sub(lambda found: f"#{seen.setdefault(found[0], len(seen))}", words)

    shown = [
        (channel.name, [told(one) for one in channel.messages.values() if not one.deleted])
        for channel in evening.world.channels.values()
    ]
    return [plain(one) for one in sorted(shown, key=lambda one: one[0]) if one[1]]


def told(one):
    return {
        "id": str(one.id),
        "author": one.author_name,
        "type": one.type,
        "flags": int(one.flags),
        "content": one.content,
        "embeds": one.embeds,
        "components": one.components,
        "files": [
            (file.filename, file.content_type, hashlib.sha256(file.data).hexdigest())
            for file in one.attachments
        ],
        "to": one.visible_to and one.visible_to.name,
        "answers": str(one.replied_to.id) if one.replied_to else "",
        "reactions": {emoji: [who.name for who in all_] for emoji, all_ in one.reactions.items()},
        "mentions": [who.name for who in one.mentions],
        "edited": one.edited_at is not None,
    }


@asynccontextmanager
async def begun(database):
    handlers = {
        "penny": Scripted(echo, service=Service.PENNY),
        "grace": Scripted(echo, service=Service.GRACE),
        "factory": Scripted(Factory(), service=Service.FACTORY),
    }
    async with (
        LocalDiscord(answer_seconds=PATIENCE) as sim,
        serving(sim) as page,
        services(handlers) as url,
        made(url, database) as bot,
        sim.connect(bot),
    ):
        yield Evening(sim, page)


async def test_the_page_gives_the_same_evening_as_the_tests_people(tmp_path):
    async with begun(tmp_path / "people.db") as evening:
        by_people = await spend(evening, ByPerson(evening))
        expected = transcript(evening)
        assert not evening.sim.problems
    async with begun(tmp_path / "page.db") as evening, AsyncExitStack() as stack:
        at_page = await spend(evening, ByPage(evening, stack))
        assert transcript(evening) == expected
        assert at_page == by_people
        assert not evening.sim.problems
        await assert_shown(evening)


async def assert_shown(evening):
    """What tabs show is what each person may see, in the local Discord's own rendering."""
    for name in ("Ana", "Lucía", "Nico"):
        for channel in (evening.channel("general"), evening.channel("builds")):
            async with tab(evening.page.address, name) as one:
                await one.does("look", channel=str(channel.id))
                seen = evening.page.desk.person(evening.user(name), evening.guild).reads(channel)
                assert [*one.messages] == [str(m.id) for m in seen]
