"""What the person at the microphone asks for in a sentence, said or typed."""

from collections.abc import Callable, Collection, Generator, Mapping
from functools import partial
from typing import Any

from bot.actions.asked import (
    build_question,
    chosen_in,
    reference_of,
    requests_of,
    sure_question,
)
from bot.actions.offering import Chosen, Refusal, offer
from bot.actions.references import Points, Reference
from bot.actions.wishes import OF_A_CONVERSATION
from bot.clock import Clock
from bot.contract import Request, Response, Service, Source
from bot.contract.actions import ACTIONS
from bot.contract.grace import Module
from bot.figures import duration
from bot.i18n import Words
from bot.local_voice.transcript import Transcript
from bot.local_voice.view import PERSON, Kind
from bot.rate_limits import action_limiter
from bot.spoken_commands import Agreement
from bot.voice_agent.confirmations import YesNoQuestion

Ask = Callable[[int, str | None, YesNoQuestion], None]
"""Asks a person something at the next pause, in the language that they spoke."""
Run = Callable[[Generator[Request, Response, None], str], None]
"""Runs the requests of an action beside the conversation, under what the person said."""


class SaidActions:
    """An `ActionTaker` for the one person who is here.

    Args:
        modules: Grace's modules by name.
        transcript: What was said; it shows what is done, and why something is not.
        ask: Asks whether to begin a build.
        clock: Its time limits the actions per minute.
    """

    def __init__(
        self,
        modules: Mapping[str, Module],
        services: Collection[Service],
        source: Source,
        assistant: str,
        transcript: Transcript,
        run: Run,
        ask: Ask,
        clock: Clock,
    ) -> None:
        self._modules = modules
        self._source = source
        self._assistant = assistant
        self._names = (assistant, source.system.assistant)
        self._transcript = transcript
        self._run = run
        self._ask = ask
        self._limiter = action_limiter(clock)
        self._offered = offer(modules, services)

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters that offer actions with a question."""
        return {ACTIONS: [one.to_wire() for one in self._offered]} if self._offered else {}

    def take(self, user_id: int, transcript: str, response: Response) -> None:
        """Do the action of an answer that was played to its end.

        A build is confirmed first, and what the service is not sure of.
        """
        chosen = chosen_in(response, self._offered, self._modules, transcript, self._names)
        if chosen is None:
            return
        if isinstance(chosen, Refusal):
            self._transcript.error(self._transcript.words("talk.action_impossible"))
            return
        reference = reference_of(chosen, transcript, self._offered, self._names)
        text = self._text(chosen, reference, transcript)
        requests = requests_of(chosen, text, self._modules, self._source)
        begin = partial(self._begin, user_id, requests, transcript)
        is_build = chosen.service is Service.FACTORY
        if chosen.is_unsure and not is_build and not text.strip():
            return  # the answer has said that it was not understood; there is nothing to ask about
        if not (is_build or chosen.is_unsure) or not text.strip():
            if refusal := begin(self._transcript.words):
                self._transcript.error(refusal)
            return
        answer = partial(_answered, begin)
        if is_build:
            task = text if reference.points is Points.TEXT else ""
            question = YesNoQuestion(partial(build_question, task), answer, Agreement.BUILD)
        else:
            question = YesNoQuestion(partial(sure_question, chosen), answer)
        language = response.output.language if response.output is not None else None
        self._ask(user_id, language, question)

    def _begin(
        self, user_id: int, requests: Generator[Request, Response, None], said: str, words: Words
    ) -> str:
        """Begin an action; returns why it is refused, or nothing."""
        wait_s = self._limiter.take(user_id, None)
        if wait_s > 0:
            return words("errors.too_soon", wait=duration(max(1.0, wait_s + 0.5)))
        self._run(requests, said)
        return ""

    def _text(self, chosen: Chosen, reference: Reference, transcript: str) -> str:
        """What an action works on: a text that was said, the last answer, or all that was said."""
        if reference.points is Points.TEXT:
            return reference.text
        is_of_all = chosen.steps[0].module in OF_A_CONVERSATION
        if reference.points is Points.SAID or is_of_all:
            return self._so_far(transcript)
        return self._answer_before()

    def _answer_before(self) -> str:
        """The newest answer but the one that announces the action."""
        answers = [one.answered for one in self._transcript.conversation]
        given = [one for one in answers[:-1] if one]
        return given[-1] if given else ""

    def _so_far(self, transcript: str) -> str:
        """The conversation as text, without the request itself."""
        entries = [one for one in self._transcript.conversation if one.kind is Kind.TURN]
        if entries and entries[-1].asked == transcript:
            entries.pop()
        lines: list[str] = []
        for one in entries:
            lines += [f"{PERSON}: {one.asked}"] if one.asked else []
            lines += [f"{self._assistant}: {one.answered}"] if one.answered else []
        return "\n".join(lines)


async def _answered(begin: Callable[[Words], str], is_yes: bool, words: Words) -> str:
    """Begin it, or not; returns what to say."""
    if not is_yes:
        return words("actions.left")
    return begin(words) or words("actions.doing")
