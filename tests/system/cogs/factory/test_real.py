"""A build from Discord by the real Factory with its real model."""

import pytest

from bot.workers.factory.handler import FactoryHandler
from tests.fakes.discord_bot import made

pytestmark = pytest.mark.models


@pytest.fixture
def handlers(qwen):
    return {"factory": FactoryHandler(qwen)}


@pytest.fixture
async def deck(sim, guild, channel, base_url, tmp_path, cogs):
    """The bot, with patience for a busy machine."""
    making = made(base_url, tmp_path / "skydeck.db", cogs=cogs, deadline_s=240)
    async with making as bot, sim.connect(bot):
        yield bot


@pytest.mark.timeout(300)
async def test_a_small_program(sim, deck, ben):
    task = "a Python function add(a, b) that returns the sum of two numbers"
    await ben.slash("/factory build", task=task, kind="python", iterations=2)
    thread = await ben.sees_thread("a Python function add")
    shown = await ben.sees(lambda m: "Build again" in m.buttons, thread, within=240)
    programs = [one for one in shown.attachments if one.filename.endswith(".py")]
    assert any("def add" in one.data.decode() for one in programs)
    passed = "Its own example ran and passed" in shown.text
    unrun = "only parsed, not run" in shown.text
    assert passed or unrun or "its check did not pass" in shown.text
    assert "Iterations" in shown.text
    assert not sim.problems
