"""What the voice gets, and what the listener reads."""

import numpy as np
import pytest

from bot.workers.penny.speech import Speech


class Voice:
    """A synthesizer that notes what it is to say."""

    def __init__(self) -> None:
        self.said: list[str] = []

    async def synthesize(
        self, text: str, *, language: str, voice: str | None
    ) -> tuple[np.ndarray, int]:
        self.said.append(text)
        return np.zeros(1600, np.float32), 16_000

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
    piece = await speech.say(phrase)
    assert voice.said == [said]
    assert piece is not None
    assert piece.text == shown


async def test_a_phrase_without_words_is_not_spoken() -> None:
    voice = Voice()
    speech = Speech(voice, language="en", voice=None)
    for phrase in ("\n", "🎉 <:party:123456789012345678>", "---\n", "**"):
        assert await speech.say(phrase) is None
    assert voice.said == []
    assert speech.finish() is None
