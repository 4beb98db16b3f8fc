"""What the voice gets, and what the listener reads."""

import threading
from collections.abc import AsyncGenerator

import numpy as np
import pytest

from audio.codec import OpusEncoder
from audio.ogg import OpusStream
from audio.samples import Samples
from bot.errors import BadInput, JobFailed, SkydeckError, WeightsError
from bot.workers.penny.speech import Speech
from bot.workers.penny.tts import Sound


class Voice:
    """A synthesizer that notes what it is to say; its sound comes in pieces of these seconds."""

    def __init__(self, *seconds: float) -> None:
        self.said: list[str] = []
        self._seconds = seconds or (0.1,)

    async def stream(
        self, text: str, *, language: str, voice: str | None
    ) -> AsyncGenerator[Sound, None]:
        self.said.append(text)
        for seconds in self._seconds[:-1]:
            yield Sound(np.zeros(int(16_000 * seconds), np.float32), 16_000, is_last=False)
        yield Sound(np.zeros(int(16_000 * self._seconds[-1]), np.float32), 16_000)

    async def warm_up(self) -> None: ...

    async def close(self) -> None: ...


@pytest.mark.parametrize(
    ("language", "phrase", "said", "shown"),
    [
        ("en", "So, **5*4 = 20**. ", "So, 5 times 4 equals 20.", "So, 5*4 = 20."),
        ("es", "Son 5 €. ", "Son 5 euros.", "Son 5 €."),
        ("en", "```py\nx = 1\n```", "Python code.", "Python code."),
        ("en", "The sky is blue ", "The sky is blue,", "The sky is blue"),  # it does not fall
        ("en", "- the first\n", "the first", "the first"),
        ("de", "Das sind _5 %_. ", "Das sind 5 %.", "Das sind 5 %."),
    ],
)
async def test_the_voice_gets_words_and_the_listener_reads_what_was_written(
    language: str, phrase: str, said: str, shown: str
) -> None:
    voice = Voice()
    speech = Speech(voice, language=language, voice=None)
    [piece] = [audio async for audio in speech.say(phrase)]
    assert voice.said == [said]
    assert piece.text == shown


async def test_sound_is_encoded_off_the_event_loop(monkeypatch) -> None:
    encode, threads = OpusEncoder.encode, []

    def noting(encoder: OpusEncoder, samples: Samples) -> OpusStream:
        threads.append(threading.current_thread())
        return encode(encoder, samples)

    monkeypatch.setattr(OpusEncoder, "encode", noting)
    speech = Speech(Voice(0.5, 0.5), language="en", voice=None)
    assert len([audio async for audio in speech.say("The sky is blue.")]) == 2
    assert len(threads) == 2
    assert threading.current_thread() not in threads


async def test_a_phrase_without_words_is_not_spoken() -> None:
    voice = Voice()
    speech = Speech(voice, language="en", voice=None)
    for phrase in ("\n", "🎉 <:party:123456789012345678>", "---\n", "**"):
        assert [audio async for audio in speech.say(phrase)] == []
    assert voice.said == []
    assert speech.finish() is None


@pytest.mark.parametrize("seconds", [(0.2, 0.5, 0.5, 0.3), (0.2, 9.0, 0.0), (9.0, 9.0, 1.0)])
async def test_the_words_of_a_phrase_in_pieces_are_divided_and_none_is_lost(
    seconds: tuple[float, ...],
) -> None:
    phrase = "The capital of France is Paris, on the Seine."
    speech = Speech(Voice(*seconds), language="en", voice=None)
    pieces = [audio async for audio in speech.say(phrase)]
    assert len(pieces) == len(seconds)
    assert pieces[0].text
    assert " ".join(words for piece in pieces if (words := piece.text)) == phrase
    whole = speech.finish()
    assert whole is not None
    assert whole.text == phrase
    assert whole.duration_ms == pytest.approx(sum(seconds) * 1000 + 80, abs=30)


class Picky(Voice):
    """It speaks with no voice that has a name."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    async def stream(
        self, text: str, *, language: str, voice: str | None
    ) -> AsyncGenerator[Sound, None]:
        if voice is not None:
            raise self._error
        async for sound in super().stream(text, language=language, voice=voice):
            yield sound


@pytest.mark.parametrize(
    "error",
    [
        BadInput("There is no voice 'gone'."),
        WeightsError("Piper's voice gone could not be loaded."),
        JobFailed("Piper failed.", service_code="tts"),
    ],
)
async def test_an_answer_is_spoken_though_the_chosen_voice_is_gone(
    caplog: pytest.LogCaptureFixture, error: SkydeckError
) -> None:
    voice = Picky(error)
    speech = Speech(voice, language="en", voice="gone", is_wish=True)
    for phrase in ("Yes. ", "It is. "):
        [piece] = [audio async for audio in speech.say(phrase)]
        assert piece.text == phrase.strip()
    assert voice.said == ["Yes.", "It is."]
    assert caplog.text.count(str(error)) == 1


async def test_a_text_is_not_read_aloud_in_another_voice_than_the_one_asked_for() -> None:
    speech = Speech(Picky(BadInput("There is no such voice.")), language="en", voice="gone")
    with pytest.raises(BadInput):
        [audio async for audio in speech.say("Yes. ")]
