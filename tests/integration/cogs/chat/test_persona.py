"""A persona in chat: set in its form, called by its name, told to Penny, and cleared again."""

# mypy: ignore-errors

import pytest

from bot.errors import StoreFailed
from bot.persona import SERVER, Persona
from local_discord import File
from tests.virtual_time import settle
from tests.waiting import until

NOVA = Persona(name="Nova", instructions="Be warm.", language="es", voice="joe")


@pytest.fixture
def cogs():
    return ("cogs.errors", "cogs.chat", "cogs.ops", "cogs.grace")


def persona_of(request):
    told = request.context and request.context.persona
    return None if told is None else (told.name, told.instructions)


async def test_from_the_form_to_the_answer_and_back(sim, deck, guild, channel, ben, penny_script):
    owner = guild.owner()
    owner.user.locale = "en-US"
    await ben.says("Nova, are you there?", channel)
    reply = await owner.slash("/settings persona", channel)
    form = await owner.clicks("Change", on=reply)
    await owner.submits(form, {"Name": "Nova", "Instructions": "Be warm.", "Language": "es"})

    await ben.says("Nova, what is a rook?", channel)
    await ben.sees("You said: what is a rook?")
    [request] = penny_script.asked
    assert persona_of(request) == ("Nova", "Be warm.")
    assert request.input.language == "es"
    await ben.says("@Nova and a pawn?", channel)
    await ben.sees("You said: and a pawn?")
    await ben.says("@Alfred and a king?", channel)
    await ben.sees("You said: and a king?")
    assert persona_of(penny_script.asked[-1]) == ("Nova", "Be warm.")

    question = await owner.clicks("Clear", on=reply)
    await owner.clicks("Clear", on=question)
    await ben.says("Nova, and a queen?", channel)
    await ben.says("@Alfred a bishop?", channel)
    await ben.sees("You said: a bishop?")
    assert len(penny_script.asked) == 4
    assert persona_of(penny_script.asked[-1]) is None
    assert penny_script.asked[-1].input.language is None
    assert not sim.problems


async def test_ordinary_talk_calls_nobody(sim, deck, guild, channel, ben, ana, penny_script):
    await deck.store.personas.set(guild.id, SERVER, NOVA)
    for text in ("Nova is slow today.", "Eso no va conmigo.", "`Nova, hi`", "@Ana Nova, thanks!"):
        await ben.says(text, channel)
    nova = guild.member("Nova Ruiz")
    said = await nova.says("It is noon.", channel)
    await ben.says("Nova, thank you!", channel, reply_to=said)
    posted = await guild.app("Nova Music").says("Now playing: Clair de lune", channel)
    await ben.says("Nova, what is this?", channel, reply_to=posted)
    await ben.says("@Alfred now you", channel)
    await ben.sees("You said: now you")
    assert len(penny_script.asked) == 1
    assert not sim.problems


async def test_the_name_alone_is_a_greeting_and_an_edit_may_add_it(
    sim, deck, guild, channel, ben, penny_script
):
    await deck.store.personas.set(guild.id, SERVER, Persona(name="Nova"))
    await ben.says("Nova!", channel)
    await ben.sees("I'm Nova.")
    late = await ben.says("what is a rook?", channel)
    await ben.edits(late, "Nova, what is a rook?")
    await ben.sees("You said: what is a rook?")
    assert not sim.problems


async def test_where_it_may_not_answer_a_name_calls_it_in_vain(
    sim, deck, guild, channel, ben, penny_script
):
    other = guild.channel("other")
    await deck.store.personas.set(guild.id, SERVER, Persona(name="Nova"))
    await deck.store.guilds.patch(guild.id, allowed_channels=frozenset({channel.id}))
    await ben.says("Nova, are you there?", other)
    await settle()
    assert len(ben.reads(other)) == 1
    await ben.says("Nova, are you there?", channel)
    await ben.sees("You said: are you there?")
    assert not sim.problems


async def test_a_failing_database_answers_no_ordinary_message(
    sim, deck, guild, channel, ben, monkeypatch
):
    async def fail(*_):
        raise StoreFailed("It is broken.")

    monkeypatch.setattr(deck.store.personas, "at", fail)
    await ben.says("hello everybody", channel)
    await settle()
    assert len(ben.reads(channel)) == 1


async def test_a_thread_is_like_its_channel_and_a_direct_message_has_none(
    sim, deck, guild, channel, ben, penny_script
):
    other = guild.channel("other")
    await deck.store.personas.set(guild.id, SERVER, NOVA)
    await deck.store.personas.set(guild.id, channel.id, Persona(name="Zuri"))
    thread = await ben.starts_thread("talk", in_=channel)
    await ben.says("Zuri, hello", thread)
    await ben.sees("You said: hello", thread)
    await ben.says("@Alfred hello", other)
    await ben.sees("You said: hello", other)
    await ben.says("hello", ben.dm)
    await ben.sees("You said: hello", ben.dm)
    asked = [persona_of(request) for request in penny_script.asked]
    assert asked == [("Zuri", "Be warm."), ("Nova", "Be warm."), None]
    assert [request.input.language for request in penny_script.asked] == ["es", "es", None]
    assert not sim.problems


async def test_commands_menus_and_regenerated_answers_have_it(
    sim, deck, guild, channel, ben, ana, penny_script
):
    await deck.store.personas.set(guild.id, SERVER, Persona(name="Nova"))
    await ben.slash("/ask", channel, question="one?")
    seen = await ben.sees("You said: one?")
    await deck.store.personas.set(guild.id, SERVER, Persona(name="Zuri"))
    penny_script.answers["one?"] = "Two."
    await ben.clicks("Regenerate", on=seen)
    await ben.sees("Two.")
    message = await ana.says("The shop opens at nine.", channel)
    menu = await ben.menu("Ask Penny", on=message)
    await ben.submits(menu, {"Your question about this message": "When?"})
    await until(lambda: len(penny_script.asked) == 3)
    assert [persona_of(r) for r in penny_script.asked] == [
        ("Nova", None), ("Zuri", None), ("Zuri", None),
    ]  # fmt: skip
    await ben.slash("/chat", channel)
    await ben.sees("I'm Zuri.", await ben.sees_thread())
    assert not sim.problems


async def test_a_persons_voice_counts_before_the_channels_and_that_before_the_servers(
    sim, deck, guild, channel, ben, ana, penny_script, tone, davefx
):
    penny_script.audio = tone

    async def voice_of(person, **options):
        before = len(penny_script.asked)
        await person.slash("/ask", channel, file=File("a.ogg", tone, "audio/ogg"), **options)
        await until(lambda: len(penny_script.asked) > before)
        return penny_script.asked[-1].option("voice")

    assert await voice_of(ben) is None
    await deck.store.personas.set(guild.id, SERVER, Persona(voice="joe"))
    assert await voice_of(ben) == "joe"
    await deck.store.personas.set(guild.id, channel.id, Persona(voice=davefx))
    assert await voice_of(ben) == davefx
    await deck.store.chosen_voices.choose(ben.id, "es")
    assert await voice_of(ben) == "es"
    assert await voice_of(ana) == davefx
    await deck.store.personas.set(guild.id, channel.id, Persona(voice="fr_FR-siwis-medium"))
    assert await voice_of(ana) is None, "that voice is not here"
    assert not sim.problems
