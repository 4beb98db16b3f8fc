"""Calls Penny with several recordings: each is heard by itself, then one answer is given to all.

    async with submit(client, request) as updates:
        async for update in updates: …

A service takes one recording per call. Two recordings in one clip would get one language, and one
damaged recording would spoil the other. So each is transcribed in a call of its own, with its own
admission, cost and error; Penny then answers their words in one further call. A request with one
recording, or none, is one call, as ever.
"""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from bot.contract import (
    Input,
    InputType,
    Output,
    Request,
    Response,
    ServiceError,
    Status,
    Target,
    Usage,
)
from bot.contract.envelope import given
from bot.contract.penny import PennyModule
from bot.contract.recordings import Clip, Heard, clips_of, transcript_of, with_heard
from bot.errors import BadInput, JobFailed, OutputLost, SkydeckError, TooLarge
from bot.hallucinations import is_said_to_nobody
from bot.runpod.models import JobState, Update
from bot.service_calls.client import ServiceClient

MAX_QUESTION_CHARS: Final = 16_000
"""Penny takes 20,000; the recordings share this equally."""
_MAX_WORDS_CHARS: Final = 1_000_000
"""How much of a growing transcript is kept; the final response is complete by itself."""
_OF_ONE: Final = (BadInput, TooLarge, JobFailed, OutputLost)
"""Errors that say nothing about the next recording; after others, the rest is not sent."""


@contextlib.asynccontextmanager
async def submit(client: ServiceClient, request: Request) -> AsyncIterator[AsyncIterator[Update]]:
    """Make the calls of a request, whether it has one recording, none, or several.

    Leaving the block early cancels the call under way; see `ServiceClient.submit` for the rest.

    Raises:
        SkydeckError: The call failed; of several recordings, none was heard, or Penny's answer
            failed. Otherwise `heard_in` names the recordings that failed.
    """
    clips = clips_of(request)
    if not clips:
        async with client.submit(request) as call:
            yield call
        return
    async with contextlib.aclosing(_Recordings(client, request).updates(clips)) as updates:
        yield updates


@dataclass(slots=True)
class _Recordings:
    """The calls of one request with several recordings.

    Attributes:
        heard: What was heard so far.
        usages: What the calls used.
        error: The first error.
        stopped_by: An error after which the rest is not sent.
    """

    client: ServiceClient
    request: Request
    heard: list[Heard] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    error: SkydeckError | None = None
    stopped_by: SkydeckError | None = None

    async def updates(self, clips: list[Clip]) -> AsyncGenerator[Update, None]:
        """Hear each, then answer; the updates are those of one job with the answer's id."""
        for clip in clips:
            if self.stopped_by is not None:
                self.heard.append(Heard(name=clip.name, error=_noted(self.stopped_by)))
                continue
            async with contextlib.aclosing(self._hear(clip)) as updates:
                async for update in updates:
                    yield update
        if self.error is not None and all(one.error and not one.transcript for one in self.heard):
            raise self.error
        question = "" if self._is_transcription else self._question()
        if not question:
            yield self._transcribed()
            return
        yield Update(state=JobState.RUNNING, response=with_heard(_partial(), self.heard))
        async with self.client.submit(self._answering(question)) as call:
            async for update in call:
                yield self._merged(update)

    @property
    def _is_transcription(self) -> bool:
        return self.request.target.module == PennyModule.TRANSCRIBE

    async def _hear(self, clip: Clip) -> AsyncGenerator[Update, None]:
        """Transcribe one recording; its id is not told, since it is not that of the answer."""
        words, language, failed = "", None, None
        try:
            async with self.client.submit(self._transcribing(clip)) as call:
                async for update in call:
                    response = update.response
                    if response is None:
                        yield replace(update, job_id=None)
                        continue
                    said = response.transcript or response.text
                    if response.is_partial:
                        words += said[: max(_MAX_WORDS_CHARS - len(words), 0)]
                    else:
                        words = said or words
                    if response.output is not None:
                        language = response.output.language or language
                    if not response.is_partial and response.usage is not None:
                        self.usages.append(response.usage)
        except SkydeckError as e:
            failed, self.error = _noted(e), self.error or e
            self.stopped_by = None if isinstance(e, _OF_ONE) else e
        if not self._is_transcription and is_said_to_nobody(words):
            words = ""
        self.heard.append(
            Heard(name=clip.name, transcript=words.strip(), language=language, error=failed)
        )

    def _question(self) -> str:
        """The words of all recordings, of each as many as fit; it is noted where some do not."""
        room = MAX_QUESTION_CHARS // len(self.heard)
        asked = [one.model_copy(update={"transcript": one.transcript[:room]}) for one in self.heard]
        self.heard = [
            one.model_copy(update={"is_cut": True}) if len(one.transcript) > room else one
            for one in self.heard
        ]
        return transcript_of(asked)

    def _transcribing(self, clip: Clip) -> Request:
        request = self.request
        return Request(
            source=request.source,
            target=Target(service=request.target.service, module=PennyModule.TRANSCRIBE),
            input=clip.input(request.input.language),
            **given(context=request.context, policy=request.policy, trace_id=request.trace_id),
        )

    def _answering(self, question: str) -> Request:
        language = given(language=self.request.input.language)
        text = Input(type=InputType.TEXT, data=question, **language)
        return self.request.model_copy(update={"input": text})

    def _transcribed(self) -> Update:
        """The end without an answer: a transcription, or nobody has said anything."""
        text = transcript_of(self.heard) if self._is_transcription else ""
        output = Output(type=InputType.TEXT, data=text, text=text)
        response = Response(status=Status.COMPLETED, output=output, **given(usage=self._usage()))
        return Update(state=JobState.COMPLETED, response=with_heard(response, self.heard))

    def _merged(self, update: Update) -> Update:
        """An update of the answer; the last one also says what was heard, and what all used."""
        response = update.response
        if response is None or response.is_partial:
            return update
        if response.usage is not None:
            self.usages.append(response.usage)
        output = response.output or Output()
        whole = response.model_copy(update={"output": output, **given(usage=self._usage())})
        return replace(update, response=with_heard(whole, self.heard))

    def _usage(self) -> Usage | None:
        """The sum of what the calls used; a figure that no service reports is left out."""
        sums = {name: sum(told) for name in Usage.model_fields if (told := list(self._told(name)))}
        return Usage.model_validate(sums) if sums else None

    def _told(self, name: str) -> Iterator[float]:
        for usage in self.usages:
            if (figure := getattr(usage, name)) is not None:
                yield figure


def _partial() -> Response:
    return Response(status=Status.PARTIAL, output=Output())


def _noted(error: SkydeckError) -> ServiceError:
    """An error as a part of a response, which can be kept as JSON."""
    code = error.service_code if isinstance(error, JobFailed) else ""
    return ServiceError(code=code or error.code, message=error.message)
