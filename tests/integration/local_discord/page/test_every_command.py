"""All commands of the real bot, as a tab asks for them: each can be opened and sent."""

# mypy: ignore-errors

import asyncio

import pytest

from local_discord import File
from local_discord.page.server import serving
from tests.fakes.page_client import tab

pytestmark = pytest.mark.virtual_time

A_SECOND = 1.0
"""A tab may ask for so many things in each."""


@pytest.fixture
async def page(sim, deck):
    async with serving(sim) as page:
        yield page


async def value(page, asking, command, option, options):
    """Something that an option takes: the first that is offered for it, where something is."""
    if option["complete"]:
        fields = {"command": command["path"], "option": option["id"], "typed": ""}
        offered = (await asking.does("complete", **fields, options=options))["options"]
        if offered:
            return offered[0]["value"]
    if option["kind"] == "choices":
        return option["options"][0]["value"]
    if option["kind"] in ("user", "role", "mentionable", "channel"):
        kind, types = option["kind"], option["types"]
        found = await asking.does("find", kind=kind, typed="", types=types)
        return found["options"][0]["value"]
    if option["kind"] == "file":
        return page.desk.hold(File("notes.txt", b"remember the milk"))
    return {"text": "hello", "boolean": True}.get(option["kind"], str(option["least"] or 1))


@pytest.mark.parametrize(("who", "least"), [("Olga", 45), ("Lucía", 40), ("Nico", 0)])
async def test_each_is_answered(sim, page, who, least):
    async with tab(page.address, who) as asking:
        commands = (await asking.does("commands"))["commands"]
        assert len(commands) >= least
        assert not commands or least
        for command in commands:
            options = {}
            for option in command["options"]:
                if option["required"]:
                    options[option["id"]] = await value(page, asking, command, option, options)
            told = await asking.does("slash", command=command["path"], options=options)
            if modal := told.get("modal"):
                values = {one["id"]: "hello" for one in modal["fields"]}
                await asking.does("submit", dialog=modal["id"], values=values)
            await asyncio.sleep(A_SECOND)
    assert sim.problems == []
