"""Answers in other forms than the contract's, as people in Discord see them."""

import base64

import numpy as np
import pytest

from audio import codec, ogg
from tests.fakes.handlers import foreign
from tests.virtual_time import settle

CUDA = "CUDA out of memory"


@pytest.mark.parametrize(
    "value",
    [
        {"status": "success", "message": "It is Paris."},
        {"status": "completed", "output": {"text": "It is Paris."}, "usage": {"cost_usd": "$0.1"}},
        {"choices": [{"message": {"content": [{"type": "text", "text": "It is Paris."}]}}]},
        {"output": {"text": "It is Paris.", "audio": "no sound"}, "error": None},
        {"output": ["It is", " Paris."]},
    ],
    ids=str,
)
async def test_what_can_be_read_is_shown(sim, deck, channel, ben, penny_script, value):
    penny_script.responses["CONVERSE"] = foreign(value)
    await ben.says("@Alfred what is the capital of France?", channel)
    seen = await ben.sees("It is Paris.")
    assert seen.content == "It is Paris."
    assert not sim.problems


@pytest.mark.parametrize(
    "value",
    [
        {"error": CUDA},
        {"status": "FAILED", "message": CUDA},
        {"status": "completed", "output": {"text": "It is"}, "error": {"message": CUDA}},
        {"success": False, "detail": CUDA},
    ],
    ids=str,
)
async def test_a_failure_is_told_and_never_shown_as_an_answer(
    sim, deck, channel, ben, penny_script, value
):
    penny_script.responses["CONVERSE"] = foreign(value)
    await ben.says("@Alfred what is the capital of France?", channel)
    await settle()
    seen = await ben.sees(lambda message: message.author == sim.bot)
    assert "No answer" not in seen.content
    assert CUDA in seen.content
    assert not sim.problems


async def test_a_spoken_answer_as_a_data_url_is_spoken(sim, deck, penny_script):
    tone = ogg.mux(codec.encode(np.sin(np.arange(32_000) / 20).astype(np.float32), 16_000))
    sound = "data:audio/ogg;base64," + base64.encodebytes(tone).decode()
    said = {
        "status": "completed",
        "output": {"text": "Nine.", "transcript": "When?", "audio": sound},
    }
    penny_script.responses["CONVERSE"] = foreign(said)
    dee = sim.user("Dee")
    await dee.says_aloud(tone, None, seconds=2.0)
    await dee.sees("Nine.")
    voice = await dee.sees(lambda m: bool(m.attachments) and m.author == sim.bot, ever=True)
    assert voice.file().duration_secs == pytest.approx(2.0, abs=0.1)
    assert not sim.problems
