"""Grace: runs any module of the catalogue on a text of any length."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Coroutine, Mapping
from typing import Any

from bot.contract import InputType, Output, Request, Response, Service, Status
from bot.contract.grace import MAX_TEXT_CHARS, Module, Value, find
from bot.contract.options import AUTO, OptionType
from bot.errors import BadInput, TooLarge
from bot.languages import LanguageHints, find_language
from bot.loading import LoadPart, begins
from bot.workers import text_language
from bot.workers.grace.module_run import ModuleRun, Progress
from bot.workers.grace.retrying_model import check_schema
from bot.workers.grace.values import readable
from bot.workers.protocols import Delivery, LanguageModel

_PARTIAL_S = 0.25
_OWN_LANGUAGE = "the text's own language"
"""The name that prompts give to a language which is not certain."""


class GraceHandler:
    """The text modules.

    Args:
        catalogue: The modules by name.
        model: The language model, which its owner closes.
        languages: The codes of the languages that come into question; empty: all.
        partial_s: The shortest time between two partial responses.

    Raises:
        BadSettings: A module's `json_schema` is invalid.
    """

    service = Service.GRACE
    delivery = Delivery.REPLY

    def __init__(
        self,
        catalogue: Mapping[str, Module],
        model: LanguageModel,
        *,
        languages: Collection[str] = (),
        partial_s: float = _PARTIAL_S,
    ) -> None:
        for module in catalogue.values():
            if schema := module.answer_schema(module.settings(None)):
                check_schema(module.name, schema)
        self._catalogue = dict(catalogue)
        self._model = model
        self._partial_s = partial_s
        self._hints = LanguageHints(allowed=languages)

    async def handle(self, request: Request) -> AsyncGenerator[Response, None]:
        """Handle one contract; see `bot.workers.protocols.Handler`.

        A partial holds the whole text so far in `output.text` (none if the result is JSON) and, if
        the input is split into pieces, `{"progress": {"done", "total"}}` in `output.data`.
        """
        module = find(self._catalogue, request.target.module)
        settings = module.settings(request.params)
        text = _text(request)
        progress = Progress()
        settings = await self._name_languages(module, settings, text)
        run = ModuleRun(self._model, module, settings, progress)
        sent: Output | None = None
        async with _running_task(run.run(text)) as job:
            while not (await asyncio.wait({job}, timeout=self._partial_s))[0]:
                output = _partial_output(progress)
                if output is not None and output != sent:
                    sent = output
                    yield Response(status=Status.PARTIAL, output=output)
            result = await job
        yield Response(
            status=Status.COMPLETED,
            output=_final_output(result),
            usage=progress.usage_total.to_usage(),
        )

    async def _name_languages(
        self, module: Module, settings: dict[str, Value], text: str
    ) -> dict[str, Value]:
        """Return the settings with each `auto` language replaced by the text's."""
        auto = [
            option.name
            for option in module.options
            if option.type is OptionType.LANGUAGE and settings[option.name] == AUTO
        ]
        if not auto:
            return settings
        decision = await asyncio.to_thread(text_language.decide_on, text, self._hints)
        found = find_language(decision.code)
        return settings | dict.fromkeys(auto, found.english if found else _OWN_LANGUAGE)

    async def warm_up(self) -> None:
        """Load the language model and the language detector."""
        begins(LoadPart.LANGUAGE)
        await asyncio.to_thread(text_language.warm_up)
        await self._model.warm_up()

    async def close(self) -> None:
        """Do nothing: the model's owner closes it."""


@contextlib.asynccontextmanager
async def _running_task(work: Coroutine[Any, Any, Any]) -> AsyncIterator[asyncio.Task[Any]]:
    """Run a task that is cancelled when the block ends, so that the model stops.

    A TaskGroup would turn a closed generator's GeneratorExit into an exception group, which then
    fails the code that closed it.
    """
    job = asyncio.get_running_loop().create_task(work)
    try:
        yield job
    finally:
        job.cancel()
        await asyncio.wait({job})
        if not job.cancelled():
            job.exception()  # retrieved, so that asyncio does not warn


def _text(request: Request) -> str:
    data = request.input.data
    match request.input.type:
        case InputType.AUDIO:
            raise BadInput("Grace reads text, not audio.", hint="Send audio to PENNY.")
        case InputType.JSON if not isinstance(data, str):
            text = "" if data in (None, {}, []) else json.dumps(data, ensure_ascii=False, indent=1)
        case _:
            text = data
    if not isinstance(text, str):
        raise BadInput("input.data must be text.", hint='For JSON, set input.type to "json".')
    if not text.strip():
        raise BadInput("The text is empty.")
    if len(text) > MAX_TEXT_CHARS:
        raise TooLarge(
            f"The text has {len(text):,} characters; Grace takes at most {MAX_TEXT_CHARS:,}.",
            hint="Send it in parts.",
        )
    # JSON can carry half of a surrogate pair, which the model's tokenizer rejects
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return whole.replace("\r\n", "\n").strip("\n")


def _partial_output(progress: Progress) -> Output | None:
    fields: dict[str, Any] = {}
    if progress.draft:
        fields["text"] = progress.draft
    if progress.total > 1:
        fields["data"] = {"progress": {"done": progress.done, "total": progress.total}}
    return Output(**fields) if fields else None


def _final_output(result: Any) -> Output:
    if isinstance(result, str):
        return Output(type="text", data=result, text=result)
    return Output(type="json", data=result, text=readable(result))
