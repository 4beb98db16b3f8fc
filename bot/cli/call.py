"""`skydeck ask` and `call`: any module of any service, from the command line."""

import asyncio
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.catalogue import load_grace
from bot.cli.asked_action import AskedActions
from bot.cli.clip import (
    QUESTION_LIMIT_S,
    RECORDING_LIMIT_S,
    check_writable,
    kind_of_file,
    read_clips,
    read_text,
    require_all,
    text_of,
)
from bot.cli.options import JsonOption, LanguageOption, SaveOption, service_named
from bot.cli.run import CallOptions, perform
from bot.contract import Input, InputType, Request, Service, Target, factory, grace
from bot.contract.envelope import given
from bot.contract.options import read_value
from bot.contract.penny import PennyModule, converse
from bot.errors import BadInput, TooLarge, UnknownModule
from bot.file_kinds import FileKind
from bot.settings import load_settings

_MAX_TEXT_BYTES = 20_000_000
"""More than any service takes; the limit keeps a wrong file out of memory."""
_MAX_QUESTION_CHARS = 16_000
"""Of a question with its files: Penny takes 20,000. A module gets all of a file."""
_ONE_OF_BOTH = "Give either a text or --file, not both."


def ask(
    question: Annotated[str, typer.Argument(help="What you want to know, or to have done.")],
    *,
    file: Annotated[
        list[Path] | None,
        typer.Option(
            help="A text file that the question is about; may be repeated.", show_default=False
        ),
    ] = None,
    save: SaveOption = None,
    language: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask Penny in writing; with --save she also speaks.

    A sentence may ask for what `skydeck call` does.

    Example: skydeck ask "What is the capital of France?"

    Example: skydeck ask "Summarise this in Spanish" --file report.txt
    """
    if not question.strip():
        raise BadInput("There is no question.", hint='Try: skydeck ask "What time is it in Lima?"')
    if save is not None:
        check_writable(save)
    chosen = CallOptions(load_settings(), as_json=as_json, save=save)
    file_text = _text_of_files(file) if file else ""
    asked = AskedActions(chosen.settings, question, file_text)
    said = f"{question}\n\n{file_text}"[:_MAX_QUESTION_CHARS] if file_text else question
    text = Input(type=InputType.TEXT, data=said, **given(language=language))
    params = {"speak": save is not None, **asked.params}
    request = converse(text, source=chosen.source, context=chosen.context, params=params)
    asyncio.run(perform(chosen, request, asked=asked))


def call(
    service: Annotated[str, typer.Argument(help="penny, grace or factory.")],
    module: Annotated[str, typer.Argument(help="A module; `skydeck modules` lists them.")],
    text: Annotated[
        str | None, typer.Argument(help="The text to work on; - reads standard input.")
    ] = None,
    *,
    file: Annotated[
        list[Path] | None,
        typer.Option(
            help="A text file in any encoding, or a recording for Penny; may be repeated.",
            show_default=False,
        ),
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option("--option", "-o", help="name=value; may be repeated.")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(help="Penny: a sound file. Factory: a folder.", show_default=False),
    ] = None,
    language: LanguageOption = None,
    as_json: JsonOption = False,
) -> None:
    """Call any module of any service.

    Example: skydeck call grace summarizer --file report.txt -o length=short
    """
    chosen = CallOptions(load_settings(), as_json=as_json, save=save)
    options = _options(option or [])
    request, refused = _request(chosen, service, module, text, file or [], options, language)
    asyncio.run(perform(chosen, request))
    require_all(refused)


def _request(
    chosen: CallOptions,
    service: str,
    module: str,
    text: str | None,
    files: list[Path],
    options: dict[str, Any],
    language: str | None,
) -> tuple[Request, tuple[str, ...]]:
    """The request, and the names of recordings that were left out of it."""
    match service_named(service):
        case Service.GRACE:
            known = grace.find(load_grace(chosen.settings), module)
            words = _text(text, files)
            return grace.task(known, words, source=chosen.source, options=options), ()
        case Service.FACTORY:
            _module_named("The Factory", module, list(factory.FactoryModule))
            limit = _iterations(options.pop("iterations", 4))
            request = factory.build(_text(text, files), source=chosen.source, iterations=limit)
            params = {**(request.params or {}), **options}
            return request.model_copy(update={"params": params}), ()
        case Service.PENNY:
            name = _module_named("Penny", module, list(PennyModule))
            data, refused = _penny_input(name, text, files, language)
            request = Request(
                source=chosen.source,
                target=Target(service=Service.PENNY, module=name),
                input=data,
                **given(params=options or None),
            )
            return request, refused


def _module_named(service: str, module: str, names: Iterable[str]) -> str:
    if module.upper() not in names:
        raise UnknownModule(
            f"{service} has no module {module!r}.", hint=f"Try: {', '.join(names)}."
        )
    return module.upper()


def _penny_input(
    module: str, text: str | None, files: Sequence[Path], language: str | None
) -> tuple[Input, tuple[str, ...]]:
    """Penny's input: recordings, or a text that she answers or speaks."""
    if text is not None and files:
        raise BadInput(_ONE_OF_BOTH)
    takes_text = module != PennyModule.TRANSCRIBE
    is_text = takes_text and all(kind_of_file(one) is FileKind.TEXT for one in files)
    if not files or is_text or module == PennyModule.SPEAK:
        words = _text(text, files)
        return Input(type=InputType.TEXT, data=words, **given(language=language)), ()
    long = module == PennyModule.TRANSCRIBE
    limit_s = RECORDING_LIMIT_S if long else QUESTION_LIMIT_S
    return read_clips(files, language=language, limit_s=limit_s)


def _text(text: str | None, files: Sequence[Path]) -> str:
    """Read the text to work on: the argument, standard input for `-`, or files."""
    if text is not None and files:
        raise BadInput(_ONE_OF_BOTH)
    if files:
        words = _text_of_files(files)
    elif text == "-":
        words = text_of(_bounded(sys.stdin.buffer.read(_MAX_TEXT_BYTES + 1)), "The input")
    else:
        words = text or ""
    if not words.strip():
        raise BadInput(
            "There is no text to work on.", hint="Give a text, - for standard input, or --file."
        )
    return words


def _text_of_files(files: Sequence[Path]) -> str:
    """The text of one file, or of several under their names, as in Discord."""
    texts = [read_text(one, limit_bytes=_MAX_TEXT_BYTES // len(files)) for one in files]
    if len(files) == 1:
        return texts[0]
    return "\n\n".join(f"[{one.name}]\n{words}" for one, words in zip(files, texts, strict=True))


def _bounded(data: bytes) -> bytes:
    if len(data) > _MAX_TEXT_BYTES:
        raise TooLarge(
            f"That is over {_MAX_TEXT_BYTES / 1e6:.0f} MB of text; no service takes that much."
        )
    return data


def _options(pairs: list[str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise BadInput(f"An option is name=value, not {pair!r}.")
        options[name.strip()] = read_value(value)
    return options


def _iterations(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 10:  # noqa: PLR2004
        return value
    raise BadInput("iterations must be a whole number from 1 to 10.")
