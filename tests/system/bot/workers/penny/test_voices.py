"""A second Piper voice, over the same files as the first."""

# mypy: ignore-errors

import numpy as np

from bot.workers.penny import voices
from bot.workers.penny.tts import LocalVoices
from bot.workers.penny.voices import VOICES, Engine, Voice


async def test_a_second_piper_voice_speaks(weights, monkeypatch):
    second = Voice("ann", "Ann (English)", Engine.PIPER, "en", model="piper-ann")
    monkeypatch.setattr(voices, "VOICES", (*VOICES, second))
    asked = []

    def folder(model):
        asked.append(model)
        return weights("piper-joe")

    speaker = LocalVoices(folder)
    joe, rate = await speaker.synthesize("Hello there.", language="en", voice=None)
    ann, same_rate = await speaker.synthesize("Hello there.", language="en", voice="ann")
    await speaker.close()
    assert asked == ["piper-joe", "piper-ann"]
    assert rate == same_rate
    assert min(np.abs(joe).max(), np.abs(ann).max()) > 0.1
