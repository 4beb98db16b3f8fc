"""Makes one call from the command line: it starts the services, and shows and saves the answer."""

import contextlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot import terminal
from bot.actions.asked import following
from bot.cli.asked_action import AskedActions
from bot.cli.clip import save_reply
from bot.cli.follow import JsonSink, Result, ScreenSink, Sink, follow
from bot.cli.whole_files import write_new
from bot.clock import SystemClock
from bot.composition import Services, WarmUp, open_paid_services
from bot.contract import Context, Output, Request, Response, Service, Source, Status, System
from bot.contract.factory import File, read_build
from bot.contract.persona import assistant_of, context_persona
from bot.contract.recordings import Heard, heard_in
from bot.errors import BadInput, JobFailed
from bot.loading import LoadPart, watched
from bot.service_calls import recordings
from bot.settings import Settings
from bot.workers.factory.files import unique_names

if TYPE_CHECKING:
    from bot.models.store import ModelStore

_LOADING = {
    LoadPart.HEARING: "loading speech recognition",
    LoadPart.VOICES: "loading the voices",
    LoadPart.LANGUAGE: "loading the language model",
}
_NAMES = {Service.PENNY: "", Service.GRACE: "Grace", Service.FACTORY: "The Factory"}


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How to make and show one call.

    Attributes:
        save: Where to save the reply's audio (Penny) or files (Factory).
        warm_up: When to load models on this machine.
    """

    settings: Settings
    as_json: bool = False
    save: Path | None = None
    warm_up: WarmUp = WarmUp.NEVER

    @property
    def source(self) -> Source:
        """The contract's source of the call."""
        return Source(system=System(self.settings.skydeck_identity.value))

    @property
    def context(self) -> Context | None:
        """The contract's context of a question: who answers it; None: nobody in particular."""
        persona = context_persona(self.settings.persona)
        return None if persona is None else Context(persona=persona)


async def perform(
    chosen: CallOptions, request: Request, *, asked: AskedActions | None = None
) -> None:
    """Make the call and show it.

    Args:
        chosen: How.
        request: The request.
        asked: What its answer may lead to.

    Raises:
        SkydeckError: The call failed.
    """
    service = request.target.service
    with contextlib.ExitStack() as screen:
        sink = _sink(chosen, request, screen)
        if chosen.settings.embedded:
            sys.stderr.write("No RUNPOD_API_KEY: the services run on this machine.\n")
        opening = open_paid_services(
            chosen.settings,
            only={service} | (asked.services if asked is not None and asked.params else set()),
            fetch=_fetch,
            warm_up=chosen.warm_up,
        )
        async with contextlib.AsyncExitStack() as stack:
            with watched(lambda part, why: _tell_of_loading(sink, part, why)):
                services = await stack.enter_async_context(opening)
            result = await _call(services, request, sink)
            if asked is not None:
                acted = await _act(services, asked, result, chosen, screen)
                if acted is not None:
                    result, sink = acted
            try:
                if chosen.save is not None:
                    _keep(result, service, chosen.save)
            finally:
                sink.final(result)  # what cannot be saved can still be read
            _tell_of_recordings(heard_in(result.response))


def _fetch(store: "ModelStore", names: list[str]) -> None:
    from bot.cli.models import pull_with_progress  # noqa: PLC0415  (mostly nothing is missing)

    pull_with_progress(store, names)


def show(chosen: CallOptions, told: str) -> None:
    """Show an answer for which no service was called."""
    output = Output(type="text", data=told, text=told)
    result = Result(Response(status=Status.COMPLETED, output=output))
    if chosen.as_json:
        JsonSink().final(result)
        return
    assistant = chosen.settings.skydeck_persona_name or chosen.source.system.assistant
    terminal.out(f"{assistant}: {told}\n")


def _sink(
    chosen: CallOptions, request: Request, screen: contextlib.ExitStack
) -> JsonSink | ScreenSink:
    if chosen.as_json:
        return JsonSink()
    service = request.target.service
    sink = ScreenSink(
        _name(request),
        streams=service is Service.PENNY,
        grows=service is Service.GRACE,
        is_local=chosen.settings.embedded,
    )
    screen.callback(sink.close)
    return sink


async def _act(
    services: Services,
    asked: AskedActions,
    result: Result,
    chosen: CallOptions,
    screen: contextlib.ExitStack,
) -> tuple[Result, JsonSink | ScreenSink] | None:
    """Do what an answer's action says; None: it has none, or nothing is done."""
    requests = asked.requests(result.response, chosen.source)
    request, acted = following(requests, None), None
    while request is not None:
        screen.close()  # ends the line that is open
        sink = _sink(chosen, request, screen)
        result = await _call(services, request, sink)
        acted = result, sink
        request = following(requests, result.response)
    return acted


def _tell_of_recordings(heard: Sequence[Heard]) -> None:
    """Say on standard error which of several recordings were not heard, not wholly, or are silent.

    Raises:
        JobFailed: Not every one could be heard.
    """
    for one in heard:
        if one.error is not None:
            said = one.error.message or one.error.code
            sys.stderr.write(f"{one.name}: Penny said: “{said}”\n")
        elif not one.transcript:
            sys.stderr.write(f"{one.name}: nothing was said in it.\n")
        elif one.is_cut:
            sys.stderr.write(f"{one.name} was long; only its beginning was answered.\n")
    if failed := ", ".join(one.name for one in heard if one.error is not None):
        raise JobFailed(f"Not every recording was heard: {failed}.")


def _tell_of_loading(sink: Sink, part: LoadPart, why: str) -> None:
    if part is not LoadPart.FILES:
        sink.note(why or _LOADING.get(part, "loading the models"))
    elif why:
        sink.tell(why)


async def _call(services: Services, request: Request, sink: JsonSink | ScreenSink) -> Result:
    async with recordings.submit(services.client, request) as updates:
        return await follow(updates, sink, SystemClock())


def _name(request: Request) -> str:
    return _NAMES[request.target.service] or assistant_of(request)


def _keep(result: Result, service: Service, place: Path) -> None:
    if service is Service.FACTORY:
        build = read_build(result.response)
        if build is not None:
            write_files(build.files, place)
        return
    if result.response.audio is None:
        raise JobFailed(f"The answer has no sound, so {place} is not written.")
    save_reply(result.response.audio, place)
    result.audio_path = place


def write_files(files: list[File], folder: Path) -> None:
    """Write a build's files; a file's name is never taken as a path, and two never meet.

    Raises:
        BadInput: The folder cannot be written, or a file of that name already exists; none of the
            files is there then.
    """
    names = unique_names(file.name for file in files)
    try:
        with contextlib.ExitStack() as undo:
            folder.mkdir(parents=True, exist_ok=True)
            for file, name in zip(files, names, strict=True):
                write_new(folder / name, file.content)
                undo.callback((folder / name).unlink, missing_ok=True)
            undo.pop_all()
    except FileExistsError as e:
        raise BadInput(f"{e.filename} already exists; nothing was overwritten.") from None
    except (OSError, ValueError) as e:
        reason = e.strerror if isinstance(e, OSError) else "no folder can have this name"
        raise BadInput(f"{folder} cannot be written ({reason}).") from None
