"""The bot as a person's own app: in a group, and on a server that it is no member of."""

# mypy: ignore-errors

import pytest
from pydantic import SecretStr

from bot.contract import Service
from bot.settings import Settings
from bot.store.repositories.recovery import JobStage
from local_discord import CannotDo, Permission
from local_discord.interactions import Kind
from tests.fakes.discord_bot import made
from tests.fakes.handlers import Scripted, completed, echo
from tests.integration.cogs.factory.scripts import PROGRAM, Factory
from tests.integration.cogs.shared.conftest import ended, own

OWN = {
    *("ask", "say", "transcribe", "grace", "factory", "jobs", "costs", "privacy", "help"),
    *("Summarize", "Translate", "Explain", "Ask Penny", "Transcribe"),
}
"""What people can install for themselves."""


def with_cogs(*names):
    """Only what a test needs, since loading all takes a second."""
    return pytest.mark.parametrize(
        "cogs", [("cogs.errors", *(f"cogs.{one}" for one in names))], ids=["-".join(names)]
    )


ALL = with_cogs("chat", "grace", "factory", "jobs", "costs", "ops")


@pytest.fixture
def asked():
    return []


@pytest.fixture
def factory():
    return Factory()


@pytest.fixture
def handlers(asked, factory):
    async def penny(request):
        asked.append(request)
        yield completed(f"You said: {request.input.data}")

    return {
        "penny": Scripted(penny),
        "grace": Scripted(echo, service=Service.GRACE),
        "factory": Scripted(factory, service=Service.FACTORY),
    }


@pytest.fixture
def carl(sim, ben):
    return sim.user("Carl")


@pytest.fixture
def group(sim, ben, carl):
    sim.install(ben)
    return sim.group("Trip", ben, carl)


@pytest.fixture
def elsewhere(sim, ben, carl):
    """A server without the bot, where Ben has brought it along."""
    sim.install(ben)
    server = sim.foreign_guild()
    server.place = server.channel("plaza")
    for one in (ben, carl):
        server.member(one)
    return server


@pytest.fixture(params=["group", "elsewhere"])
def place(request):
    """Either of them."""
    found = request.getfixturevalue(request.param)
    return found if request.param == "group" else found.place


async def settled(person, place, words):
    return await person.sees(lambda m: words in m.text and "Stop" not in m.buttons, place)


@ALL
async def test_only_commands_that_need_nothing_of_a_server_are_a_persons_own(sim, deck):
    assert {c["name"] for c in sim.commands if 1 in c["integration_types"]} - {"grace-2"} == OWN
    for command in sim.commands:
        is_own = 1 in command["integration_types"]
        assert (2 in command["contexts"]) is is_own, command["name"]


@with_cogs("chat")
async def test_who_has_not_installed_it_has_no_commands(sim, deck, place, carl):
    with pytest.raises(CannotDo, match="there is no command"):
        await carl.slash("/ask", place, question="what is it?")


@with_cogs("chat")
async def test_an_answer_comes_by_the_interaction_alone(sim, deck, place, ben, carl):
    reply = await ben.slash("/ask", place, question="<@&1> what is a rook? @everyone")
    answer = await settled(carl, place, "what is a rook?")
    assert answer is reply.message
    assert not answer.is_ephemeral
    assert (await ended(deck, ben)).guild_id is None
    assert not any((answer.mention_everyone, answer.mentions, answer.mention_roles))
    assert own(ben, place, sim.bot) == [answer]
    assert not sim.problems


@with_cogs("chat")
async def test_each_person_has_a_conversation_of_their_own_there(
    sim, deck, place, ben, carl, asked
):
    sim.install(carl)
    for who, said in ((ben, "I am Ben"), (carl, "I am Carl"), (ben, "who am I?")):
        await who.slash("/ask", place, question=said)
        await settled(who, place, said)
        await deck.runner.wait_for(lambda _: True, within_s=10.0)
    told = [one.content for one in asked[-1].context.history]
    assert told == ["I am Ben", "You said: I am Ben"]
    await ben.slash("/ask", place, question="forget what I said")
    question = await ben.sees(lambda m: m.is_ephemeral and m.buttons, place)
    await ben.clicks("Yes", on=question)
    await ben.sees("I've forgotten", place)
    await ben.slash("/ask", place, question="and now?")
    await settled(ben, place, "and now?")
    assert not (asked[-1].context and asked[-1].context.history)
    await carl.slash("/ask", place, question="still there?")
    await settled(carl, place, "still there?")
    assert "I am Carl" in [one.content for one in asked[-1].context.history]
    assert not sim.problems


@with_cogs("chat")
async def test_an_answer_is_regenerated_in_its_place(sim, deck, place, ben, asked):
    await ben.slash("/ask", place, question="once")
    answer = await settled(ben, place, "once")
    await deck.runner.wait_for(lambda _: True, within_s=10.0)
    await ben.clicks("Regenerate", on=answer)
    await ben.sees(lambda m: m is answer and len(asked) == 2 and "Regenerate" in m.buttons, place)
    assert len(own(ben, place, sim.bot)) == 1
    assert not sim.problems


@with_cogs("grace")
async def test_grace_works_on_what_she_is_given_and_says_what_she_cannot_read(
    sim, deck, place, ben, carl
):
    said = await carl.says("the ferry leaves at nine", place)
    await ben.menu("Summarize", on=said)
    shown = await settled(ben, place, "the ferry leaves at nine")
    await ben.clicks("Again", on=shown)
    for given in ({"last": 5}, {"message": str(said.id)}):
        reply = await ben.slash("/grace summarize", place, **given)
        told = await ben.sees("only you have brought me along", place)
        assert told.is_ephemeral
        assert reply.message is None or reply.message.is_ephemeral or reply.message.deleted
    assert not sim.problems


@with_cogs("grace")
async def test_another_person_may_not_have_it_repeated(sim, deck, place, ben, carl):
    await ben.slash("/grace summarize", place, text="a text of mine")
    shown = await settled(carl, place, "a text of mine")
    await carl.clicks("Again", on=shown)
    told = await carl.sees(lambda m: m.is_ephemeral, place)
    assert "a text of mine" not in told.text
    assert not sim.problems


@with_cogs("factory")
async def test_a_build_is_shown_where_it_was_asked_for(sim, deck, place, ben, factory):
    factory.go.clear()
    reply = await ben.slash("/factory build", place, task="fizz")
    await ben.sees(lambda m: "reviewing" in m.text and "15 minutes" in m.text, place)
    factory.go.set()
    shown = await ben.sees("Its own example ran and passed", place)
    assert shown is reply.message
    assert shown.file("fizz.py").data.decode() == PROGRAM
    assert not sim.problems


@with_cogs("factory")
async def test_a_build_that_outlives_the_interaction_comes_directly(sim, deck, place, ben, factory):
    factory.go.clear()
    reply = await ben.slash("/factory build", place, task="fizz")
    await ben.sees("reviewing", place)
    reply.expire()
    factory.go.set()
    shown = await ben.sees("Its own example ran and passed", ben.dm)
    assert shown.file("fizz.py")


@with_cogs("factory", "jobs")
async def test_what_cannot_be_sent_directly_either_waits_in_jobs(sim, deck, place, ben, factory):
    factory.go.clear()
    ben.user.accepts_dms = False
    reply = await ben.slash("/factory build", place, task="fizz")
    await ben.sees("reviewing", place)
    reply.expire()
    factory.go.set()
    job = await ended(deck, ben)
    assert job.stage is JobStage.UNDELIVERED
    listed = await ben.slash("/jobs", place)
    again = await ben.selects(str(job.journal_id), on=listed)
    assert (await again.done()).file("fizz.py")


@with_cogs("chat")
async def test_a_server_that_wants_it_is_answered_to_the_person_alone(
    sim, deck, elsewhere, ben, carl
):
    elsewhere.deny(elsewhere.place, elsewhere.everyone, Permission.USE_EXTERNAL_APPS)
    reply = await ben.slash("/ask", elsewhere.place, question="what is it?")
    assert reply.ephemeral
    await settled(ben, elsewhere.place, "what is it?")
    assert not carl.reads(elsewhere.place)
    assert not sim.problems


@ALL
async def test_help_costs_and_privacy_are_about_the_person(sim, deck, place, ben, guild):
    told = await ben.slash("/help", place)
    assert "You have installed me" in told.text
    assert not [one for one in ("/settings", "</chat", "</budget") if one in told.text]
    assert "</ask:" in told.text
    reply = await ben.slash("/costs", place, whose="server")
    assert "on a server that I am a member of" in reply.text
    assert (await (await ben.slash("/costs", place)).done()).is_ephemeral
    assert (await (await ben.slash("/privacy export", place)).done()).attachments
    assert not sim.problems


@with_cogs("chat")
async def test_settings_and_budgets_of_a_server_do_not_count_where_it_is_a_guest(
    sim, deck, elsewhere, ben
):
    await deck.store.guilds.patch(elsewhere.id, language="es", allowed_channels=frozenset({1}))
    await ben.slash("/ask", elsewhere.place, question="what is it?")
    await settled(ben, elsewhere.place, "what is it?")
    calls = await deck.store.jobs.listing(user_id=ben.id)
    assert [one.guild_id for one in calls] == [None]


class TestMoney:
    @pytest.fixture
    async def deck(self, sim, guild, channel, base_url, tmp_path, cogs):
        settings = Settings(
            _env_file=None,
            skydeck_budget_user_day_usd="0.000001",
            runpod_api_key=SecretStr("key"),
        )
        async with (
            made(base_url, tmp_path / "skydeck.db", settings=settings, cogs=cogs) as bot,
            sim.connect(bot),
        ):
            yield bot

    @with_cogs("chat")
    async def test_nobody_else_reads_that_a_budget_is_spent(self, sim, deck, place, ben, carl):
        await ben.slash("/ask", place, question="what is it?")
        told = await ben.sees(lambda m: "budget" in m.text, place)
        assert told.is_ephemeral
        assert not [m for m in carl.reads(place) if "budget" in m.text]


@with_cogs("grace")
async def test_the_press_of_a_button_says_by_whom_the_app_is_there(sim, deck, place, ben, carl):
    await ben.slash("/grace summarize", place, text="a text")
    shown = await settled(carl, place, "a text")
    reply = await carl.clicks("Translate", on=shown, wait=False)
    assert reply.interaction.kind is Kind.COMPONENT
    assert reply.interaction.owners == {"1": str(ben.id)}
    await reply.answered()
