"""What `/voice choose` chose, in `/say` and in answers to recordings."""

# mypy: ignore-errors

import pytest

from bot.models.hub_models import piper_model
from bot.voice_source import PiperVoiceName
from tests.simulator import File
from tests.waiting import until

DAVEFX = "es_ES-davefx-medium"


@pytest.fixture(autouse=True)
def _pulled(deck, tmp_path, monkeypatch):
    """One voice of Piper's has been pulled."""
    monkeypatch.setattr(deck.settings, "skydeck_weights_dir", tmp_path)
    monkeypatch.setattr(deck.settings, "runpod_api_key", None)
    voice = PiperVoiceName(DAVEFX)
    file = piper_model(voice).folder(tmp_path) / voice.path
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    file.with_name(f"{file.name}.json").write_text("{}")


async def test_a_chosen_voice_answers_until_it_is_undone(
    sim, deck, channel, ben, ana, penny_script, tone
):
    penny_script.audio = tone

    async def voice_of(person, command, **options):
        before = len(penny_script.asked)
        await person.slash(command, channel, **options)
        await until(lambda: len(penny_script.asked) > before)
        return penny_script.asked[-1].option("voice")

    await deck.store.chosen_voices.choose(ben.id, DAVEFX)
    assert await voice_of(ben, "/say", text="good morning") == DAVEFX
    assert await voice_of(ana, "/say", text="good evening") is None
    assert await voice_of(ben, "/say", text="good night", voice="joe") == "joe"
    assert await voice_of(ben, "/ask", file=File("a.ogg", tone, "audio/ogg")) == DAVEFX
    assert await voice_of(ben, "/ask", question="Hello?") is None, "it is not spoken"
    await deck.store.chosen_voices.choose(ben.id, "fr_FR-siwis-medium")
    assert await voice_of(ben, "/say", text="bonjour") is None, "that voice is not here"
    await deck.store.chosen_voices.reset(ben.id)
    assert await voice_of(ben, "/say", text="good bye") is None
    assert not sim.problems
