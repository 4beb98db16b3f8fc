"""Fixed words are done at once by whatever door: no service is asked by `/ask` and `/chat`."""

# mypy: ignore-errors

import pytest

from bot.contract import Service
from bot.store.repositories.recovery import JobStage
from tests.fakes.handlers import Scripted, hang
from tests.integration.cogs.chat.test_written_commands import counting, spend
from tests.virtual_time import settle
from tests.waiting import until


@pytest.fixture
def handlers(penny_script):
    return {
        "penny": Scripted(penny_script, service=Service.PENNY),
        "factory": Scripted(hang, service=Service.FACTORY),
    }


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.chat", "cogs.factory")


COMMANDS = ["/ask", "/chat"]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("cancel that", "I've cancelled your answer."),
        ("Alfred, stop!", "I've cancelled your answer."),
        ("¡Cancélalo, por favor!", "He cancelado tu respuesta."),
    ],
)
async def test_what_is_under_way_is_stopped(
    sim, deck, channel, ben, penny_script, command, said, told
):
    await counting(ben, channel)
    await ben.slash(command, channel, question=said)
    answer = await ben.sees(told, channel)
    assert answer.is_ephemeral
    await ben.sees("Stopped", channel, ever=True)
    assert len(penny_script.asked) == 1
    assert not sim.problems


@pytest.mark.parametrize("command", COMMANDS)
async def test_nothing_runs(sim, deck, channel, ben, penny_script, command):
    await ben.slash(command, channel, question="cancel that")
    await ben.sees("Nothing of yours is running.", channel)
    assert not penny_script.asked
    assert not sim.problems


async def test_a_build_is_told_of_and_cancelled_by_its_name(sim, deck, channel, ben, penny_script):
    await ben.slash("/factory build", channel, task="a dice roller")

    async def running():
        listed = await deck.store.jobs.listing(user_id=ben.id, unfinished=True)
        return [job for job in listed if job.stage is JobStage.ACCEPTED]

    await until(running)
    await ben.slash("/ask", channel, question="¿Cuánto falta?")
    await ben.sees("con tu encargo", channel)
    await ben.slash("/ask", channel, question="cancel the build")
    await ben.sees("I've cancelled your build.", channel)
    await settle()
    assert not await running()
    assert not penny_script.asked
    assert not sim.problems


async def test_costs_are_told_alone(sim, deck, guild, channel, ben, penny_script):
    await spend(deck, guild, ben, 120_000)
    await ben.slash("/ask", channel, question="what did today cost?")
    await ben.sees("I've sent it to you as a direct message.", channel)
    await ben.sees("Today you have spent 12 cents.", ben.dm)
    await ben.slash("/ask", ben.dm, question="¿Cuánto he gastado hoy?")
    await ben.sees("Hoy has gastado 12 centavos.", ben.dm)
    assert not penny_script.asked
    assert not sim.problems


async def test_a_yes_by_command_answers_what_the_command_has_asked(
    sim, deck, channel, ben, penny_script
):
    await ben.says("@Alfred hello there", channel)
    await until(lambda: penny_script.asked)
    await ben.slash("/ask", channel, question="forget what I said")
    question = await ben.sees("Shall I really forget everything", channel)
    assert list(question.buttons) == ["Yes", "No"]
    await ben.slash("/ask", channel, question="yes")
    await ben.sees("Done. I've forgotten it.", channel)
    await until(lambda: not question.buttons)
    assert not sim.problems


async def test_how_to_be_answered_is_noted_for_the_commands_of_that_channel(
    sim, deck, channel, ben, penny_script
):
    await ben.slash("/ask", channel, question="be brief")
    await ben.sees("I'll keep it short from now on.", channel)
    await ben.slash("/ask", channel, question="in German, please")
    await ben.slash("/ask", channel, question="Who was Goethe?")
    await until(lambda: penny_script.asked)
    params = penny_script.asked[0].params
    assert (params["brief"], params["reply_language"]) == (True, "de")
    assert not sim.problems


@pytest.mark.parametrize("said", ["how far is it to Rome?", "she said cancel it", "how far is it?"])
async def test_ordinary_talk_is_answered(sim, deck, channel, ben, penny_script, said):
    await ben.slash("/ask", channel, question=said)
    await until(lambda: penny_script.asked)
    assert not sim.problems


async def test_a_question_that_something_else_overtakes_loses_its_buttons(
    sim, deck, channel, ben, penny_script
):
    await ben.says("@Alfred forget what I said", channel)
    question = await ben.sees(lambda m: "Yes" in m.buttons)
    await ben.says("@Alfred who was Goethe?", channel)
    await until(lambda: not question.buttons)
    assert not sim.problems
