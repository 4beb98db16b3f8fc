"""For the tests of several cogs: what the services were asked, and a voice to choose."""

# mypy: ignore-errors

import pytest

from bot.models.hub_models import piper_model
from bot.voices.voice_names import PiperVoiceName
from tests.fakes.handlers import echo


@pytest.fixture
def asked():
    """Every request that `note` has answered."""
    return []


@pytest.fixture
def note(asked):
    """Answers with what it is asked, and notes it."""

    async def note(request):
        asked.append(request)
        async for response in echo(request):
            yield response

    return note


@pytest.fixture
def davefx(deck, tmp_path, monkeypatch):
    """The one voice of Piper's that has been pulled; services are embedded."""
    monkeypatch.setattr(deck.settings, "skydeck_weights_dir", tmp_path)
    monkeypatch.setattr(deck.settings, "runpod_api_key", None)
    voice = PiperVoiceName("es_ES-davefx-medium")
    file = piper_model(voice).folder(tmp_path) / voice.path
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    file.with_name(f"{file.name}.json").write_text("{}")
    return "es_ES-davefx-medium"
