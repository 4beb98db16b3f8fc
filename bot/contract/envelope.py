"""S-CONTRACT v2.1: requests to a service, and its responses.

Liberal in what we accept: unknown fields are kept, unknown enum values are not errors, and a reply
may be as small as `{"status", "output": {"data"}}`, or the bare data. Strict in what we send: only
known enum values, and no fields that were never set.
"""

from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from bot.contract.base64_text import decoded
from bot.contract.foreign import as_audio, audio_in, lone_words, reading, words_of
from bot.errors import BadInput
from bot.persona import MAX_INSTRUCTIONS_CHARS, MAX_NAME_CHARS
from bot.steps import Steps, at_once

CONTRACT_VERSION = "2.1"


class Wire(BaseModel):
    """A value that travels as JSON. Frozen; unknown fields are kept."""

    # Most processes need few of the forms, and each is built at its first use.
    model_config = ConfigDict(extra="allow", frozen=True, use_enum_values=False, defer_build=True)

    @model_serializer(mode="wrap")
    def _leave_out_the_unset(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = handler(self)
        return {k: v for k, v in fields.items() if v is not None or k in self.model_fields_set}

    def to_wire(self) -> dict[str, Any]:
        """The JSON value to send: plain dicts, lists, strings and numbers."""
        return self.model_dump(mode="json")


class TolerantWire(Wire):
    """What somebody else sends: fields of an unexpected type are left out, the others are read."""

    @model_validator(mode="wrap")
    @classmethod
    def _leave_out_the_unreadable(
        cls, value: object, handler: ModelWrapValidatorHandler[Self]
    ) -> Self:
        try:
            return handler(value)
        except ValidationError as e:
            if not isinstance(value, dict):
                raise
            wrong = {error["loc"][0] for error in e.errors(include_url=False) if error["loc"]}
        return handler({name: item for name, item in value.items() if name not in wrong})


def given(**fields: Any) -> dict[str, Any]:
    """Only the fields that have a value: a field set to None would be written as null."""
    return {name: value for name, value in fields.items() if value is not None}


_MAX_MS = 30 * 86_400_000
_MAX_USD = 10_000.0
_MAX_TOKENS = 10**9
_MAX_RATE_HZ = 768_000
_MAX_TIMINGS = 64
_MAX_TIMING_NAME_CHARS = 64
_MAX_FIGURE_CHARS = 40


def _figure(value: object, limit: float) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value) if len(value) <= _MAX_FIGURE_CHARS else None
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if 0 <= value <= limit else None  # excludes NaN too


def figure(limit: float, *, whole: bool = False, instead: int | None = None) -> BeforeValidator:
    """A figure reported by someone else: anything outside 0 to `limit` is dropped.

    Args:
        limit: The largest plausible value.
        whole: Whether to round fractions down.
        instead: The value that replaces a dropped figure.
    """

    def check(value: object) -> float | None:
        found = _figure(value, limit)
        if found is None:
            return instead
        return int(found) if whole else found

    return BeforeValidator(check)


class System(StrEnum):
    """The calling system. DECK's assistant is Alfred, CORP's is Jared."""

    DECK = "DECK"
    CORP = "CORP"

    @property
    def assistant(self) -> str:
        """The name by which people address it."""
        return "Alfred" if self is System.DECK else "Jared"


class Service(StrEnum):
    """The service to call."""

    PENNY = "PENNY"
    GRACE = "GRACE"
    FACTORY = "FACTORY"


class InputType(StrEnum):
    """The kind of `input.data`: text, base64 audio, or a JSON value."""

    TEXT = "text"
    AUDIO = "audio"
    JSON = "json"


class Status(StrEnum):
    """The state of a response."""

    PARTIAL = "partial"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Source(Wire):
    """The calling system, and the person and place it calls for."""

    system: System
    guild: str | None = None
    channel: str | None = None
    user: str | None = None


class Target(Wire):
    """A module of a service."""

    service: Service
    module: str = Field(min_length=1, max_length=64)

    @field_validator("module")
    @classmethod
    def _upper(cls, name: str) -> str:
        return name.upper()


class Input(Wire):
    """The input. Audio is base64 in `data`, with its container in `format` (`ogg`, `wav`)."""

    type: InputType
    data: Any
    format: str | None = None
    sample_rate_hz: int | None = None
    language: str | None = None


class Message(Wire):
    """One earlier utterance of the conversation."""

    role: str
    content: str
    name: str | None = None


def speaker_label(name: str) -> str:
    """A name to put before its owner's words, as in `Name: words`.

    It is always one line without a colon, so no name can put words in another person's mouth.
    """
    return " ".join(name.replace(":", " ").split())


class ContextPersona(Wire):
    """Who the assistant is where it is asked, as people there have chosen.

    `name` is what they call it, so it is also likely to be in what they say. `instructions` are
    their words on how it should be: they colour an answer, and lift no rule of the service's own.
    """

    name: str | None = Field(default=None, max_length=MAX_NAME_CHARS)
    instructions: str | None = Field(default=None, max_length=MAX_INSTRUCTIONS_CHARS)


class Context(Wire):
    """Background that the service should know. Services that know no `persona` ignore it."""

    history: list[Message] = Field(default_factory=list)
    locale: str | None = None
    speaker: str | None = None
    persona: ContextPersona | None = None


class Policy(Wire):
    """Limits that the caller sets."""

    deadline_ms: int | None = Field(default=None, gt=0)
    max_cost_usd: float | None = Field(default=None, ge=0)
    max_iterations: int | None = Field(default=None, ge=1)


class Request(Wire):
    """A call: `input.contract` of a RunPod job.

    `trace_id` is OpenTelemetry's: 32 hex digits. If the caller records spans, a further field
    `traceparent` (W3C Trace Context) names its span, and a worker makes its own span a child of
    it. Services that do not know the field ignore it.
    """

    contract_version: str = CONTRACT_VERSION
    contract_id: str | None = None
    trace_id: str | None = None
    source: Source
    target: Target
    input: Input
    context: Context | None = None
    params: dict[str, Any] | None = None
    policy: Policy | None = None

    @field_validator("contract_version")
    @classmethod
    def _same_major(cls, version: str) -> str:
        if version.split(".", maxsplit=1)[0] != CONTRACT_VERSION.split(".", maxsplit=1)[0]:
            raise ValueError(
                f"contract version {version} is not supported; expected {CONTRACT_VERSION}"
            )
        return version

    @model_serializer(mode="wrap")
    def _with_version(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields: dict[str, Any] = handler(self)
        return {
            k: v
            for k, v in fields.items()
            if v is not None or k in self.model_fields_set or k == "contract_version"
        }

    def option(self, name: str, default: Any = None) -> Any:
        """A parameter of the module, or `default` if the caller omitted it or gave null."""
        value = (self.params or {}).get(name)
        return default if value is None else value


Words = Annotated[str | None, BeforeValidator(words_of)]
"""A text, or what a service writes in its place: a number, a message, a list of parts."""


class Audio(TolerantWire):
    """Audio. `data` is base64 of a whole file; in a partial, of a file with only the next piece.

    `text` holds the words of a piece, so that a listener who interrupts knows what was heard.
    """

    data: str
    format: str | None = None
    sample_rate_hz: Annotated[int | None, figure(_MAX_RATE_HZ, whole=True)] = None
    duration_ms: Annotated[int | None, figure(_MAX_MS, whole=True)] = None
    text: Words = None

    def file(self) -> bytes:
        """The bytes of the audio file.

        Raises:
            BadInput: `data` is not base64.
        """
        try:
            return decoded(self.data)
        except ValueError:
            raise BadInput("The audio is not valid base64.") from None


class Output(TolerantWire):
    """The output. The minimum is `data`; Penny adds transcript, text and audio.

    `action` is what the person asked for (`bot.contract.actions`), as the service sent it: whoever
    offered it must check it.
    """

    type: str | None = None
    data: Any = None
    transcript: Words = None
    language: str | None = None
    text: Words = None
    audio: Audio | None = None
    action: Any = None

    @field_validator("audio", mode="before")
    @classmethod
    def _any_audio(cls, value: object) -> object:
        """Some services send the bare base64, or a data URL, where we send an object."""
        return value if isinstance(value, Audio) else as_audio(value)


class Usage(TolerantWire):
    """Resources used. Every figure is optional; `cost_usd` is the service's own claim."""

    cost_usd: Annotated[float | None, figure(_MAX_USD)] = None
    input_tokens: Annotated[int | None, figure(_MAX_TOKENS, whole=True)] = None
    output_tokens: Annotated[int | None, figure(_MAX_TOKENS, whole=True)] = None
    audio_seconds: Annotated[float | None, figure(_MAX_MS / 1000)] = None
    compute_seconds: Annotated[float | None, figure(_MAX_MS / 1000)] = None

    @model_validator(mode="before")
    @classmethod
    def _openai_names(cls, value: object) -> object:
        """OpenAI's names of the tokens."""
        if not isinstance(value, dict):
            return value
        names = {"input_tokens": "prompt_tokens", "output_tokens": "completion_tokens"}
        other = {ours: value[theirs] for ours, theirs in names.items() if theirs in value}
        return {**other, **value}


class ServiceError(TolerantWire):
    """Why a service failed: a code for programs and a sentence for people.

    Without a code it is not known whether the service refused the job or broke.
    """

    code: str = ""
    message: str = ""
    retryable: bool = False


class Response(TolerantWire):
    """The answer: `output` of a RunPod job, or one chunk of its stream.

    A partial carries a `sequence` from 0 and only the new content; the last response is complete
    in itself. `timings_ms` holds the worker's own timestamps, in milliseconds from the job's start.
    """

    status: Status | str = Status.COMPLETED
    sequence: Annotated[int | None, figure(2**53, whole=True)] = None
    output: Output | None = None
    usage: Usage | None = None
    error: ServiceError | None = None
    timings_ms: dict[str, float] | None = None

    @field_validator("timings_ms", mode="before")
    @classmethod
    def _likely_timings(cls, value: object) -> object:
        """Drop timestamps that are malformed or implausible."""
        if not isinstance(value, dict):
            return None
        return {
            name: ms
            for name, raw in islice(value.items(), _MAX_TIMINGS)
            if len(name) <= _MAX_TIMING_NAME_CHARS and (ms := _figure(raw, _MAX_MS)) is not None
        }

    @field_validator("output", mode="before")
    @classmethod
    def _bare_output(cls, value: object) -> object:
        """A service may answer with the bare data, without the surrounding object."""
        if value is None or isinstance(value, dict | Output):
            return value
        return {"data": value}

    @field_validator("error", mode="before")
    @classmethod
    def _bare_error(cls, value: object) -> object:
        return {"message": value} if isinstance(value, str) else value

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read any JSON value as an answer, however loosely the service follows the contract.

        It never fails: what cannot be read is left out, or kept as the output's data.
        """
        return at_once(cls.reading(value))

    @classmethod
    def reading(cls, value: object) -> Steps[Self]:
        """The same in steps: a list of thousands of pieces takes longer than a loop may wait."""
        fields = yield from reading(value)
        return cls.model_validate(fields)

    @property
    def is_partial(self) -> bool:
        """Whether more responses follow."""
        return self.status == Status.PARTIAL

    @property
    def text(self) -> str:
        """The text for people: `output.text`, or `output.data` if that is text."""
        if self.output is None:
            return ""
        if self.output.text is not None:
            return self.output.text
        data = self.output.data
        if isinstance(data, str) and self.output.type != InputType.AUDIO:
            return data
        return _nested_str(data, "text", "reply", "response") or lone_words(data)

    @property
    def transcript(self) -> str | None:
        """The transcript of the input; None if the service sends none."""
        if self.output is None:
            return None
        if self.output.transcript is not None:
            return self.output.transcript
        return _nested_str(self.output.data, "transcript", "transcription") or None

    @property
    def audio(self) -> Audio | None:
        """The speech, whether the service nests it, flattens it, or sends it as the data."""
        output = self.output
        if output is None:
            return None
        if output.audio is not None:
            return output.audio
        if output.type == InputType.AUDIO:
            extra = output.model_extra or {}
            return _audio(as_audio({"format": extra.get("format"), "data": output.data}))
        for holder in (output.data, output.model_extra, self.model_extra):
            found = _audio(audio_in(holder))
            if found is not None:
                return found
        return None


def _nested_str(data: object, *names: str) -> str:
    if isinstance(data, dict):
        for name in names:
            if isinstance(data.get(name), str):
                return str(data[name])
    return ""


def _audio(found: dict[str, Any] | None) -> Audio | None:
    return None if found is None else Audio.model_validate(found)
