"""Turns the answer to what nobody said into silence, whoever asked for it. Pure.

Our own Penny judges with her recogniser's certainty. Another service sends only a transcript, and
answers "Thanks for watching!" as if somebody had said it.
"""

from dataclasses import dataclass, replace

from bot.contract import InputType, Output, Request, Response
from bot.contract.penny import PennyModule
from bot.hallucinations import HallucinationKind, hallucination_kind, is_said_to_nobody
from bot.runpod.models import Update


@dataclass(slots=True)
class SilenceFilter:
    """Filters the updates of one call.

    Attributes:
        request: What was sent; None: it was sent earlier, and its answer is not judged.
    """

    request: Request | None
    _heard: str = ""
    _held_back: str = ""

    def take(self, update: Update) -> Update:
        """Return the update, without transcript and answer as long as nobody has said anything."""
        response = update.response
        if response is None or response.output is None or not self._is_spoken():
            return update
        words = self._transcript(response)
        self._heard = self._heard + words if response.is_partial else words or self._heard
        if self._is_silence():
            self._held_back = self._heard
            return replace(update, response=_silent(response, response.output))
        if self._held_back and response.is_partial:
            self._held_back = ""
            output = response.output.model_copy(update={"transcript": self._heard})
            return replace(update, response=response.model_copy(update={"output": output}))
        return update

    def _is_spoken(self) -> bool:
        return self.request is not None and self.request.input.type is InputType.AUDIO

    def _transcript(self, response: Response) -> str:
        is_transcription = self._module() == PennyModule.TRANSCRIBE
        return response.transcript or (response.text if is_transcription else "")

    def _is_silence(self) -> bool:
        if self._module() == PennyModule.CONVERSE:
            return is_said_to_nobody(self._heard)
        # a recording may well end with somebody's "Thanks for watching!"
        return hallucination_kind(self._heard) is HallucinationKind.CREDIT

    def _module(self) -> str:
        return self.request.target.module if self.request is not None else ""


def _silent(response: Response, output: Output) -> Response:
    silence = Output(type=InputType.TEXT, data="", transcript="", language=output.language, text="")
    return response.model_copy(update={"output": silence})
