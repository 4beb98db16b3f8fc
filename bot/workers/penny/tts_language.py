"""Decides in which language Penny speaks: that of the words that she answers or reads.

Those of a written question or of a text tell by themselves (`bot.workers.text_language`); those of
a spoken question have the recogniser's language, the last one counts. A caller can ask for
another. Where nothing tells, she speaks the default one. `bot.voices.voice_book` then chooses the
voice.
"""

import asyncio
from dataclasses import dataclass

from bot.contract import Request
from bot.errors import BadInput
from bot.languages import DEFAULT, LanguageDecision, LanguageHints, find_language
from bot.workers import text_language
from bot.workers.penny.stt import TranscriptSegment


@dataclass(slots=True)
class TtsLanguage:
    """The language of one turn.

    Attributes:
        certain: For the language model, and for the caller; None: it is not certain.
        likely: The best guess, for the voice; None: nothing is known yet.
    """

    certain: str | None = None
    likely: str | None = None

    @property
    def code(self) -> str:
        """That of the words, or the default one."""
        return self.likely or DEFAULT

    def to_speak(self, request: Request) -> str:
        """The language of the voice.

        Raises:
            BadInput: The caller asks for one that there is not.
        """
        return _reply_language(request) or self.code

    def to_answer(self, request: Request) -> str | None:
        """The language that the model is told to answer in; None: that of the question.

        Raises:
            BadInput: The caller asks for one that there is not.
        """
        return _reply_language(request) or self.certain

    async def take_question(self, text: str, hints: LanguageHints) -> None:
        """Decide on a written question."""
        self._take(await asyncio.to_thread(text_language.decide_on_question, text, hints))

    async def take_text(self, text: str, hints: LanguageHints) -> None:
        """Decide on a text to be read."""
        self._take(await asyncio.to_thread(text_language.decide_on, text, hints))

    async def take_segment(self, segment: TranscriptSegment, hints: LanguageHints) -> None:
        """Decide on what was said; the words may tell what the sound did not."""
        self.likely = self.certain = segment.language
        if not segment.is_sure:
            found = await asyncio.to_thread(text_language.decide_on, segment.text, hints)
            self.certain = found.code if found.likely == segment.language else None

    async def expect(self, hints: LanguageHints) -> None:
        """Take the language that is expected, while there are no words."""
        found = await asyncio.to_thread(text_language.decide_on, "", hints)
        self.certain = found.likely

    def _take(self, decision: LanguageDecision) -> None:
        self.certain, self.likely = decision.code, decision.likely


def _reply_language(request: Request) -> str | None:
    """What the caller asks for, whatever the question's language; None: nothing."""
    tag = request.option("reply_language")
    known = find_language(tag) if isinstance(tag, str) else None
    if tag is not None and known is None:
        raise BadInput("The parameter reply_language must be the code of a language, such as es.")
    return None if known is None else known.code
