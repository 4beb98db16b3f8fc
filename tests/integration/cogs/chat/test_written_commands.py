"""What people write to have something done at once: no service is called for it."""

# mypy: ignore-errors

import pytest

from bot.contract import Service
from bot.money import Basis, Call, Charge, Payer
from bot.persona import SERVER, Persona
from bot.store.repositories.recovery import JobStage
from local_discord.values import Permission
from tests.fakes.handlers import Scripted, hang
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


async def spend(deck, guild, person, micro_usd):
    payer = Payer(user_id=person.id, guild_id=guild.id, channel_id=1)
    call = Call(call_id="made", service=Service.PENNY, module="CONVERSE", payer=payer)
    await deck.store.ledger.settle(call, Charge(micro_usd=micro_usd, basis=Basis.REPORTED))


async def counting(person, channel):
    """Their answer that is being written."""
    await person.says("@Alfred count slowly", channel)
    return await person.sees("One, two, ▌", channel)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("@Alfred cancel that", "I've cancelled your answer."),
        ("@Alfred stop", "I've cancelled your answer."),
        ("@Alfred never mind", "I've cancelled your answer."),
        ("@Alfred ¡Cancélalo, por favor!", "He cancelado tu respuesta."),
    ],
)
async def test_what_is_under_way_is_stopped(sim, deck, channel, ben, penny_script, said, told):
    answer = await counting(ben, channel)
    await ben.says(said, channel)
    await ben.sees(told, channel)
    await ben.sees("Stopped", channel, ever=True)
    assert answer.content.startswith("One, two,")
    assert len(penny_script.asked) == 1
    assert not sim.problems


async def test_a_build_is_cancelled_and_its_progress_is_told(sim, deck, channel, ben, penny_script):
    await ben.slash("/factory build", channel, task="a dice roller")

    async def running():
        listed = await deck.store.jobs.listing(user_id=ben.id, unfinished=True)
        return [job for job in listed if job.stage is JobStage.ACCEPTED]

    await until(running)
    await ben.says("@Alfred how far is it?", channel)
    await ben.sees("I've been working on your build for", channel)
    await ben.says("@Alfred cancel the build", channel)
    await ben.sees("I've cancelled your build.", channel)
    await settle()
    assert not await running()
    assert not penny_script.asked
    assert not sim.problems


async def test_the_job_that_is_named_is_cancelled(sim, deck, channel, ben, penny_script):
    await ben.slash("/factory build", channel, task="a dice roller")

    async def running():
        listed = await deck.store.jobs.listing(user_id=ben.id, unfinished=True)
        return [job.service for job in listed if job.stage is JobStage.ACCEPTED]

    await until(running)
    await ben.says("@Alfred cancela el resumen", channel)
    await ben.sees("No tienes nada de eso en marcha.", channel)
    answer = await counting(ben, channel)
    await ben.says("@Alfred cancel the build", channel)
    await ben.sees("I've cancelled your build.", channel)
    penny_script.go_on.set()
    await ben.sees("One, two, three.", channel, ever=True)
    assert "Stopped" not in answer.content
    await settle()
    assert not await running()
    assert not sim.problems


async def test_a_reply_says_which(sim, deck, channel, ben, ana, guild, penny_script):
    answer = await counting(ben, channel)
    await ana.says("cancel", channel, reply_to=answer)
    await ana.sees("Only the person who asked", channel)
    guild.allow(channel, ana, Permission.MANAGE_MESSAGES)
    await ana.says("cancela eso", channel, reply_to=answer)
    await ana.sees("He cancelado tu respuesta.", channel)
    await ben.sees("Stopped", channel, ever=True)
    assert not sim.problems


async def test_nothing_runs(sim, deck, channel, ben, penny_script):
    await ben.says("@Alfred cancel that", channel)
    await ben.sees("Nothing of yours is running.", channel)
    assert not penny_script.asked
    assert not sim.problems


async def test_others_are_not_stopped(sim, deck, channel, ben, ana, penny_script):
    answer = await counting(ben, channel)
    await ana.says("@Alfred para", channel)
    await ana.sees("No tienes nada en marcha.", channel)
    penny_script.go_on.set()
    await ben.sees("One, two, three.", channel, ever=True)
    assert "Stopped" not in answer.content


@pytest.mark.parametrize(
    "said",
    [
        "never mind",
        "how far is it?",
        "she said cancel it",
        '"cancel it"',
        "`stop`",
        "how do I cancel a subscription",
        "again",
        "leave the channel",
        "yes",
    ],
)
async def test_ordinary_talk_is_answered(sim, deck, channel, ben, penny_script, said):
    await ben.says(f"@Alfred {said}", channel)
    await ben.sees("You said:", channel)
    assert len(penny_script.asked) == 1
    assert not sim.problems


async def test_a_sum_is_told_to_its_person_alone(sim, deck, guild, channel, ben, penny_script):
    await spend(deck, guild, ben, 1_230_000)
    await ben.says("@Alfred what did today cost?", channel)
    told = await ben.sees("as a direct message", channel)
    assert "dollar" not in told.content
    await ben.sees("Today you have spent one dollar and 23 cents.", ben.dm, ever=True)
    await ben.says("¿cuánto he gastado hoy?", ben.dm)
    await ben.sees("Hoy has gastado un dólar con 23 centavos.", ben.dm)
    assert not penny_script.asked
    assert not sim.problems


async def test_the_latest_answer_is_shown_again(sim, deck, penny_script):
    dee = sim.user("Dee")
    await dee.says("hello")
    await dee.sees("You said: hello")
    await dee.says("Say it again, please.")
    await dee.sees("Here it is again:\nYou said: hello")
    assert len(penny_script.asked) == 1
    assert not sim.problems


async def test_how_to_answer_lasts_for_the_conversation(sim, deck, channel, ben, ana, penny_script):
    await ben.says("@Alfred in Spanish, please", channel)
    await ben.sees("De acuerdo, a partir de ahora te respondo en español.", channel)
    await ben.says("@Alfred be brief", channel)
    await ben.sees("A partir de ahora seré breve.", channel)
    await ben.says("@Alfred what is rain?", channel)
    await ben.sees("You said: what is rain?", channel)
    await ana.says("@Alfred what is snow?", channel)
    await ana.sees("You said: what is snow?", channel)
    his, hers = penny_script.asked
    assert his.params == {"speak": False, "brief": True, "reply_language": "es"}
    assert hers.params == {"speak": False}
    assert not sim.problems


async def test_an_answer_to_a_question_is_no_command(sim, deck, penny_script):
    dee = sim.user("Dee")
    penny_script.answers = {"tell me a joke": "In which language?"}
    await dee.says("tell me a joke")
    await dee.sees("In which language?")
    await dee.says("in Spanish")
    await dee.sees("You said: in Spanish")
    assert not sim.problems


@pytest.mark.parametrize("way", ["button", "word", "no"])
async def test_what_was_said_is_forgotten_once_it_is_confirmed(sim, deck, penny_script, way):
    dee = sim.user("Dee")
    await dee.says("my cat is called Miso")
    await dee.sees("You said: my cat")
    await dee.says("Forget what I said.")
    asked = await dee.sees("Shall I really forget what you have said here?")
    if way == "button":
        await dee.clicks("Yes", on=asked)
        await dee.sees("I've forgotten it", ever=True)
    else:
        await dee.says("yes" if way == "word" else "no, thanks")
        await dee.sees("nothing has changed" if way == "no" else "I've forgotten it")
    await dee.says("what is my cat called?")
    await dee.sees("You said: what is my cat called?")
    known = [message.content for message in penny_script.asked[-1].context.history]
    assert ("my cat is called Miso" in known) == (way == "no")
    assert not sim.problems


@pytest.mark.parametrize(
    "way", ["after other talk", "after much talk", "after another command", "to other words"]
)
async def test_a_yes_to_anything_else_confirms_nothing(sim, deck, penny_script, way):
    dee = sim.user("Dee")
    await dee.says("my cat is called Miso")
    earlier = await dee.sees("You said: my cat")
    await dee.says("Forget what I said.")
    await dee.sees("Shall I really forget what you have said here?")
    if way in ("after other talk", "after much talk"):
        await dee.says("tell me a joke" + " about a cat" * (30 if "much" in way else 0))
        await dee.sees("You said: tell me a joke")
    elif way == "after another command":
        await dee.says("be brief")
        told = await dee.sees("I'll keep it short")
        assert not told.components
    await dee.says("yes", reply_to=earlier if way == "to other words" else None)
    await dee.sees("You said: yes")
    known = [message.content for message in penny_script.asked[-1].context.history]
    assert "my cat is called Miso" in known
    assert not sim.problems


async def test_a_moderators_comfort_stops_nothing(
    sim, deck, channel, ben, ana, guild, penny_script
):
    answer = await counting(ben, channel)
    guild.allow(channel, ana, Permission.MANAGE_MESSAGES)
    await ana.says("no te preocupes", channel, reply_to=answer)
    penny_script.go_on.set()
    await ben.sees("One, two, three.", channel, ever=True)
    assert "Stopped" not in answer.content
    assert not sim.problems


async def test_somebody_else_confirms_nothing(sim, deck, guild, channel, ben, ana, penny_script):
    await ben.says("@Alfred my cat is called Miso", channel)
    await ben.sees("You said: my cat", channel)
    await ben.says("@Alfred forget what I said", channel)
    asked = await ben.sees("everything you have said to me on this server", channel)
    reply = await ana.clicks("Yes", on=asked)
    assert "Only the person I asked" in reply.text
    await ana.says("@Alfred sí", channel)
    await ana.sees("You said: sí", channel)
    assert await deck.store.conversations.of_person(ben.id, guild.id)
    await ben.clicks("Yes", on=asked)
    await ben.sees("I've forgotten it", channel, ever=True)
    assert not await deck.store.conversations.of_person(ben.id, guild.id)
    assert not sim.problems


async def test_bots_command_nothing(sim, deck, guild, channel, ben, penny_script):
    answer = await counting(ben, channel)
    other = guild.app("Other")
    await other.posts("@Alfred cancel that", channel)
    penny_script.go_on.set()
    await ben.sees("One, two, three.", channel, ever=True)
    assert "Stopped" not in answer.content


@pytest.mark.parametrize("said", ["Nova, cancel that!", "Cancel that, Nova.", "@Alfred cancel it"])
async def test_the_name_that_people_gave_it_may_be_around(
    sim, deck, guild, channel, ben, penny_script, said
):
    await deck.store.personas.set(guild.id, SERVER, Persona(name="Nova"))
    await counting(ben, channel)
    await ben.says(said, channel)
    await ben.sees("I've cancelled your answer.", channel)
    assert len(penny_script.asked) == 1
    assert not sim.problems
