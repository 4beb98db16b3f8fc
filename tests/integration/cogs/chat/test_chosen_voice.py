"""What `/voice choose` chose, in `/say` and in answers to recordings."""

# mypy: ignore-errors

from local_discord import File
from tests.waiting import until


async def test_a_chosen_voice_answers_until_it_is_undone(
    sim, deck, channel, ben, ana, penny_script, tone, davefx
):
    penny_script.audio = tone

    async def voice_of(person, command, **options):
        before = len(penny_script.asked)
        await person.slash(command, channel, **options)
        await until(lambda: len(penny_script.asked) > before)
        return penny_script.asked[-1].option("voice")

    await deck.store.chosen_voices.choose(ben.id, davefx)
    assert await voice_of(ben, "/say", text="good morning") == davefx
    assert await voice_of(ana, "/say", text="good evening") is None
    assert await voice_of(ben, "/say", text="good night", voice="joe") == "joe"
    assert await voice_of(ben, "/ask", file=File("a.ogg", tone, "audio/ogg")) == davefx
    assert await voice_of(ben, "/ask", question="Hello?") is None, "it is not spoken"
    await deck.store.chosen_voices.choose(ben.id, "fr_FR-siwis-medium")
    assert await voice_of(ben, "/say", text="bonjour") is None, "that voice is not here"
    await deck.store.chosen_voices.reset(ben.id)
    assert await voice_of(ben, "/say", text="good bye") is None
    assert not sim.problems
