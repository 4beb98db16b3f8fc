"""`skydeck models`: the model files of the services that run on this machine."""

import dataclasses
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bot import terminal
from bot.cli.model_checks import describe_models
from bot.cli.options import complete_language, optional_argument
from bot.cli.progress import shown_progress
from bot.cli.voices import VOICES_NOTE, voice_rows
from bot.contract import Service
from bot.errors import WeightsError, WrongUse
from bot.models.any_model import ensure_models, split_names
from bot.models.hub_models import HubModel, ensure_hub_model, remove_hub_model
from bot.models.manifest import load_manifest
from bot.models.plan import Finding, Plan
from bot.models.progress import Sink
from bot.models.store import ModelState, ModelStatus, ModelStore, megabytes, refuse
from bot.settings import Settings, load_settings
from bot.voices.voice_names import KOKORO_VOICES, PIPER_VOICES
from bot.workers.build import models_needed
from bot.workers.penny.build import speech_models_needed

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="The model files of the services on this machine.",
    epilog="Example: skydeck models list",
)


_UNKNOWN_HASH = "its files are there; we know no hashes of them (pull --force fetches them again)"


class Part(StrEnum):
    """What the models are for."""

    LANGUAGE = "language"
    SPEECH = "speech"


def _known_names() -> list[str]:
    return [*load_manifest().models, *PIPER_VOICES, *KOKORO_VOICES]


NamesArgument = Annotated[
    list[str] | None,
    typer.Argument(help="Models, by name.", autocompletion=_known_names, show_default=False),
]


@app.callback()
def models() -> None:
    """The model files of the services on this machine: fetched once, verified by their hash.

    They are kept in SKYDECK_WEIGHTS_DIR.
    """


@app.command("list")
def list_models(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the models: what each is for, its size, its licence, and whether it is stored.

    Example: skydeck models list
    """
    store = _store()
    statuses = store.status()
    if not as_json:
        _table(statuses, store.folder)
        terminal.out("".join(f"{line}\n" for line in describe_models(load_settings())))
        return
    for status in statuses:
        line = dataclasses.asdict(status) | {"folder": str(status.folder)}
        terminal.out_json(line)


@app.command("voices")
def list_voices(
    language: Annotated[
        str | None, optional_argument("Only of this language, as es.", complete_language)
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List the voices that can be had, by language; those that are here speak at once.

    Example: skydeck models voices es
    """
    settings = load_settings()
    rows = voice_rows(settings, language)
    if as_json:
        for row in rows:
            terminal.out_json(dataclasses.asdict(row))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Language", "Voice", "Engine", "State"):
        table.add_column(title, no_wrap=True)
    for row in rows:
        table.add_row(row.language, row.name, row.engine, "here" if row.is_here else "")
    terminal.console().print(table)
    terminal.out(f"{VOICES_NOTE}\n")


@app.command()
def pull(
    names: NamesArgument = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Fetch every model.")] = False,
    only: Annotated[
        Part | None,
        typer.Option("--only", help="Without a name: only what writes, or what hears and speaks."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Fetch stored models, too.")] = False,
) -> None:
    """Fetch models, and replace damaged ones; without a name, those that the services need.

    An interrupted fetch continues where it stopped. A name is one that `list` shows, one of Piper's
    or Kokoro's voices (`voices` lists them), a Whisper model as whisper-large-v3-turbo or
    hf:owner/repository, or hf:owner/repository/file.gguf.

    Example: skydeck models pull es_ES-davefx-medium
    """
    if sum((bool(names), every, only is not None)) > 1:
        raise WrongUse("Models are chosen in one way.", hint="Give names, --all or --only.")
    store = _store()
    if every:
        names = list(store.manifest.models)
    wanted, others = split_names(store, names or _needed_by(load_settings(), only))
    seen = store.plan(wanted)
    _announce(seen, store)
    with _watched() as progress:
        done = store.pull(wanted, progress, force=force)
    for finding in done.replaced:
        if finding not in seen.replaced:  # only its hash shows that it is damaged
            sys.stdout.write(f"{finding}: replaced.\n")
    for name in wanted:
        sys.stdout.write(f"{name}: ready in {store.folder / name}\n")
    for model in others:
        folder = _pull_from_hub(store, model, force=force)
        sys.stdout.write(f"{model.name}: ready in {folder}\n")


@app.command()
def verify(names: NamesArgument = None) -> None:
    """Read every byte of models and compare their hashes; without a name, of all in `list`.

    Of another model, such as a voice, we know no hash: then it is only seen whether its files are
    there. Exits with 3 when a file is damaged or missing.

    Example: skydeck models verify
    """
    store = _store()
    here = [s.name for s in store.status() if s.state is not ModelState.MISSING]
    chosen, others = split_names(store, names or here)
    if not chosen and not others:
        sys.stdout.write(f"No model is stored in {store.folder}.\n")
    with _watched() as progress:
        findings = store.verify(chosen, progress)
    for name in chosen:
        sys.stdout.write(f"{name}: {_verdict(name, findings)}\n")
    for model in others:
        state = _UNKNOWN_HASH if model.is_in(store.folder) else "not there"
        sys.stdout.write(f"{model.name}: {state}\n")
    refuse(findings, store.folder)
    if missing := " ".join(model.name for model in others if not model.is_in(store.folder)):
        raise WeightsError(f"Not there: {missing}.", hint=f"skydeck models pull {missing}")


@app.command()
def remove(
    names: Annotated[
        list[str], typer.Argument(help="Models, by name.", autocompletion=_known_names)
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete models, and what an interrupted fetch left behind.

    Example: skydeck models remove qwen2.5-coder-1.5b
    """
    store = _store()
    listed, others = split_names(store, names)
    chosen = ", ".join([*listed, *(model.name for model in others)])
    if not yes and not _agreed(f"Remove {chosen} from {store.folder}?"):
        sys.stdout.write("Nothing was removed.\n")
        return
    freed = store.remove(listed)
    freed += sum(remove_hub_model(model, store.folder) for model in others)
    sys.stdout.write(f"Removed {chosen}: {megabytes(freed)} MB freed.\n")


def pull_with_progress(store: ModelStore, names: Iterable[str]) -> dict[str, Path]:
    """Fetch and verify these models, and show the progress of a fetch.

    Returns:
        The folder of each model.

    Raises:
        WrongUse: No model has one of the names.
        WeightsError: As for `ModelStore.ensure`.
    """
    listed, others = split_names(store, names)
    plan = store.plan(listed)
    missing = [model for model in others if not model.is_in(store.folder)]
    if not plan and not missing:
        return ensure_models(store, [*listed, *(model.name for model in others)])
    _announce(plan, store)
    for model in missing:
        sys.stderr.write(f"Fetching {model.name} into {store.folder}\n")
    with _watched() as progress:
        return ensure_models(store, [*listed, *(model.name for model in others)], progress)


def _pull_from_hub(store: ModelStore, model: HubModel, *, force: bool) -> Path:
    if force or not model.is_in(store.folder):
        sys.stderr.write(f"Fetching {model.name} into {store.folder}\n")
    with _watched() as progress:
        return ensure_hub_model(
            model, store.folder, setting="its name", progress=progress, again=force
        )


def _store() -> ModelStore:
    return ModelStore(load_settings().skydeck_weights_dir)


def _needed_by(settings: Settings, only: Part | None) -> list[str]:
    """The models that the services load with these settings."""
    match only:
        case Part.LANGUAGE:
            return models_needed(settings, {Service.GRACE})
        case Part.SPEECH:
            return speech_models_needed(settings)
    return models_needed(settings, set(Service))


def _announce(plan: Plan, store: ModelStore) -> None:
    if not plan:
        return
    for finding in plan.replaced:
        sys.stderr.write(f"{finding}, so it is fetched again.\n")
    count = len(plan.fetches)
    names = ", ".join(fetch.model.name for fetch in plan.fetches)
    what = f"{count} model{'s' if count > 1 else ''}: {names}"
    size = (
        f"{megabytes(plan.download_bytes)} MB to fetch, {megabytes(plan.unpack_bytes)} MB on disk"
    )
    sys.stderr.write(f"Fetching {what} ({size}) into {store.folder}\n")


@contextmanager
def _watched() -> Iterator["Sink"]:
    """Show the progress; Ctrl-C ends the fetch at once, and nothing that was fetched is lost."""
    try:
        with _interruptible(), shown_progress() as progress:
            yield progress
    except KeyboardInterrupt:
        sys.stderr.write(
            "Stopped. What was fetched is kept; the same command continues from there.\n"
        )
        raise


@contextmanager
def _interruptible() -> Iterator[None]:
    """Make Ctrl-C raise KeyboardInterrupt here, even inside a running event loop.

    asyncio answers the first Ctrl-C by cancelling its main task, and a blocking fetch in that task
    would not notice until it is done.
    """
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as under nohup
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _verdict(name: str, findings: list[Finding]) -> str:
    wrong = [f"{f.file.name} is {f.problem}" for f in findings if f.model.name == name]
    return "; ".join(wrong) or "whole"


def _agreed(question: str) -> bool:
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        sys.stderr.write("\n")  # the question has no line end yet
        raise WrongUse("Nothing was removed.", hint="Add --yes to skip the question.") from None


def _table(statuses: list[ModelStatus], folder: Path) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Name", no_wrap=True)
    table.add_column("Role")
    table.add_column("MB", justify="right", no_wrap=True)
    table.add_column("Licence", no_wrap=True)
    table.add_column("State", no_wrap=True)
    for s in statuses:
        table.add_row(s.name, s.role, megabytes(s.bytes), s.licence, s.state)
    console = terminal.console()
    console.print(table)
    console.print(f"Folder: {folder}", soft_wrap=True, highlight=False)
