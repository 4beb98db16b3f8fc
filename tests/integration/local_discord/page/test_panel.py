"""What the panel for the curious shows of the real bot on the local Discord."""

import json

import pytest

from bot.contract import Service
from local_discord import CannotDo
from local_discord.log import Problem
from local_discord.page.books import Books, BooksClosed
from local_discord.page.bot_log import BotLog, LogLine
from local_discord.page.panel import Panel
from local_discord.page.redacted import HIDDEN
from tests.fakes.handlers import Scripted, echo, hang, spell
from tests.waiting import until


@pytest.fixture
def handlers():
    return {
        "penny": Scripted(spell, service=Service.PENNY),
        "grace": Scripted(echo, service=Service.GRACE),
        "factory": Scripted(hang, service=Service.FACTORY),
    }


@pytest.fixture
def panel(sim, deck, tmp_path):
    return Panel(sim, BotLog(), tmp_path / "skydeck.db")


async def lists(panel):
    return await panel.act(None, {})


async def settled(panel, count=1):
    """What the panel shows once so many calls are paid, and all jobs but those that hang over."""

    async def shown():
        told = await lists(panel)
        paid = [line for line in told["ledger"] or () if line["settled_at"]]
        return told if len(paid) >= count and (told["jobs"] or [{}])[0].get("ending") else None

    return await until(shown)


async def test_a_written_turn_shows_its_requests_and_its_call(panel, ana, channel):
    await ana.says("@Alfred hello there", channel)
    await ana.sees("hello there")
    turn = (await settled(panel))["turns"][0]
    owners = {step["owner"] for step in turn["steps"]}
    assert turn["kind"] == "written"
    assert any(step["name"].startswith("POST /channels/") for step in turn["steps"])
    assert any(step["name"].startswith("PENNY ") for step in turn["steps"]), turn["steps"]
    assert owners == {"ours", "service"}
    assert all(0 <= step["begins_ms"] <= turn["total_ms"] for step in turn["steps"])


async def test_a_command_is_a_turn_whose_token_is_hidden(panel, sim, ben, channel):
    reply = await ben.slash("/grace summarize", channel, text="A long text.")
    await reply.done()
    turn = (await lists(panel))["turns"][0]
    assert any(f"/{HIDDEN}/callback" in step["name"] for step in turn["steps"])


async def test_the_journal_and_the_ledger_are_read_beside_the_bot(panel, ben, channel):
    await ben.slash("/grace summarize", channel, text="A long text.")
    told = await settled(panel)
    job, line = told["jobs"][0], told["ledger"][0]
    assert (job["service"], job["module"], job["user"]) == ("GRACE", "SUMMARIZER", "Ben")
    assert (job["stage"], job["ending"]) == ("finished", "completed")
    assert line["module"] == "SUMMARIZER"
    assert line["user"] == "Ben"
    assert line["settled_at"]


async def test_a_job_shows_its_contract_while_the_bot_keeps_it(panel, ben, channel):
    await ben.slash("/factory build", channel, task="a fizz function")
    running = (await lists(panel))["jobs"][0]
    shown = await panel.act(None, {"job": str(running["number"])})
    assert "a fizz function" in shown["parts"]["contract"]
    with pytest.raises(CannotDo, match="keeps no contract"):
        await panel.act(None, {"job": str(running["number"] + 1)})


async def test_no_token_is_in_anything_that_the_panel_tells(panel, sim, ana, ben, channel):
    await ana.says("@Alfred hello there", channel)
    await ana.sees("hello there")
    await (await ben.slash("/grace summarize", channel, text="A long text.")).done()
    told = await lists(panel)
    whole = [await panel.act(None, {"entry": one["number"]}) for one in told["requests"]]
    words = json.dumps([told, whole])
    tokens = [e.data["token"] for e in sim.log.events("INTERACTION_CREATE")]
    assert tokens
    assert not [secret for secret in (sim.token, *tokens) if secret in words]
    assert HIDDEN in words


async def test_all_lists_are_bounded_however_much_happens(panel, sim, ana, channel):
    for number in range(150):
        await ana.says(f"line {number}", channel)
        sim.log.refused(Problem("x" * 5000, 0, "y" * 5000))
    for number in range(1000):
        panel._bot.take(LogLine(f"{number} " + "z" * 9000))
    told = await lists(panel)
    assert len(told["requests"]) == 60
    assert len(told["problems"]) == 20
    assert len(told["log"]) == 100
    assert len(json.dumps(told)) < 256 * 1024


@pytest.mark.parametrize("asked", ["0", "-1", "x", "9" * 40, 3, None, ["1"], {"a": 1}, "1; DROP"])
async def test_a_request_that_is_not_there_is_one_line(panel, asked):
    for name in ("entry", "job"):
        if asked is not None:
            with pytest.raises(CannotDo):
                await panel.act(None, {name: asked})


async def test_without_a_database_the_rest_is_shown(sim, deck, tmp_path):
    for database in (None, tmp_path / "nothing.db"):
        told = await Panel(sim, BotLog(), database).act(None, {})
        assert told["jobs"] is None
        assert told["ledger"] is None
        assert told["requests"]


def test_a_database_that_is_none_is_closed_books(tmp_path):
    (tmp_path / "odd.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(BooksClosed):
        Books(tmp_path / "odd.db").jobs()
