"""`skydeck ask` and `call`: any module of any service, from the command line."""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.catalogue import REPLY_LANGUAGE, ModuleEntry, find_module, load_grace
from bot.cli.asked_action import AskedActions
from bot.cli.clip import (
    QUESTION_LIMIT_S,
    RECORDING_LIMIT_S,
    check_folder,
    check_writable,
    kind_of_file,
    read_clips,
    read_standard_input,
    read_text,
    require_all,
)
from bot.cli.fixed_words import answer_to_fixed_words
from bot.cli.options import (
    JsonOption,
    LanguageOption,
    SaveOption,
    complete_module,
    complete_module_option,
    complete_service,
    language_option,
    read_options,
    service_named,
)
from bot.cli.run import CallOptions, perform, show
from bot.contract import Input, InputType, Request, Service, Target, factory, grace
from bot.contract.envelope import given
from bot.contract.options import AUTO, check_options, read_value
from bot.contract.penny import PennyModule, converse
from bot.errors import BadInput, TooLarge
from bot.file_kinds import FileKind
from bot.language_names import language_named, no_language
from bot.settings import Settings, load_settings
from bot.voices.voice_names import NamedVoice, no_voice, read_voice
from bot.workers.penny.voice_files import voice_book, voices_are_known

_MAX_TEXT_BYTES = 20_000_000
"""More than any service takes; the limit keeps a wrong file out of memory."""
_MAX_QUESTION_CHARS = 16_000
"""Of a question with its files: Penny takes 20,000. A module gets all of a file."""
_MAX_ASKED_CHARS = 20_000
_FROM_INPUT = "-"
_LANGUAGE = "language"
"""The option of a module of Grace's that `--language` is."""
_ONE_OF_BOTH = "Give either a text or --file, not both."


def ask(
    question: Annotated[
        str,
        typer.Argument(
            help="What you want to know, or to have done; - reads standard input.",
            show_default=False,
        ),
    ],
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

    Example: skydeck ask "Summarize this in Spanish" --file report.txt

    Example: git log -3 | skydeck ask -
    """
    if save is not None:
        check_writable(save)
    question = _question(question)
    chosen = CallOptions(load_settings(), as_json=as_json, save=save)
    told = None if file else answer_to_fixed_words(chosen.settings, question)
    if told is not None:
        show(chosen, told)
        return
    file_text = _text_of_files(file) if file else ""
    asked = AskedActions(chosen.settings, question, file_text)
    said = f"{question}\n\n{file_text}"[:_MAX_QUESTION_CHARS] if file_text else question
    text = Input(type=InputType.TEXT, data=said, **given(language=language))
    params = {"speak": save is not None, **asked.params}
    request = converse(text, source=chosen.source, context=chosen.context, params=params)
    asyncio.run(perform(chosen, request, asked=asked))


def call(
    service: Annotated[
        str, typer.Argument(help="penny, grace or factory.", autocompletion=complete_service)
    ],
    module: Annotated[
        str,
        typer.Argument(
            help="A module; `skydeck modules` lists them.", autocompletion=complete_module
        ),
    ],
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
        list[str] | None,
        typer.Option(
            "--option",
            "-o",
            help="name=value; may be repeated.",
            show_default=False,
            autocompletion=complete_module_option,
        ),
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(
            help="Penny: a sound file (.ogg, .opus, .wav). Factory: a folder.", show_default=False
        ),
    ] = None,
    language: Annotated[
        str | None,
        language_option("The language spoken to Penny; for Grace, the module's option language."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Call any module of any service.

    Example: skydeck call grace summarize --file report.txt -o length=short

    Example: skydeck call penny speak "Good morning" --save hello.ogg
    """
    chosen = CallOptions(load_settings(), as_json=as_json, save=save)
    entry = find_module(chosen.settings, service_named(service), module)
    options = _options(chosen.settings, entry, option or [], language)
    if save is not None:
        _check_save(entry, options, save)
    request, refused = _request(chosen, entry, text, file or [], options, language)
    asyncio.run(perform(chosen, request))
    require_all(refused)


def _options(
    settings: Settings, entry: ModuleEntry, pairs: Sequence[str], language: str | None
) -> dict[str, Any]:
    """The options that somebody gave, checked.

    `--language` is an option of the module like any other, except to Penny: it says what she hears
    or reads (`_penny_input`).

    Raises:
        BadInput: The module has no such option, a value does not fit, or the language is given
            twice.
    """
    typed = {name: read_value(value) for name, value in read_options(pairs)}
    if language is not None and entry.service is not Service.PENNY:
        if _LANGUAGE in typed:
            raise BadInput("The language is given twice; give --language or -o language=…")
        typed[_LANGUAGE] = language
    checked = check_options(entry.command, entry.options, typed)
    if entry.service is Service.GRACE:
        return dict(typed)  # she reads the words herself
    if voice := checked.get("voice"):
        _check_voice(settings, str(voice))
    reply = checked.pop(REPLY_LANGUAGE, AUTO)
    known = language_named(str(reply))
    if known is None and reply != AUTO:  # one that nothing can be said in
        problem, hint = no_language(str(reply))
        raise BadInput(problem, hint=hint)
    return {**checked, **given(reply_language=known.code if known else None)}


def _check_voice(settings: Settings, name: str) -> None:
    """Refuse a voice that this machine does not have; of voices elsewhere nothing is known.

    Raises:
        BadInput: There is no such voice, or it has to be fetched first.
    """
    if not voices_are_known(settings) or any(one.name == name for one in voice_book(settings).all):
        return
    problem, hint = no_voice(name)
    with contextlib.suppress(ValueError):
        if isinstance(read_voice(name), NamedVoice):
            return  # perhaps one of eSpeak's
    raise BadInput(problem, hint=hint)


def _check_save(entry: ModuleEntry, options: dict[str, Any], place: Path) -> None:
    """Refuse, before anything is done, what could not be saved afterwards.

    Raises:
        BadInput: The answer cannot be saved there, or it has nothing to save.
    """
    if entry.service is Service.FACTORY:
        check_folder(place)
        return
    if entry.service is not Service.PENNY or entry.name == PennyModule.TRANSCRIBE:
        raise BadInput(
            f"{entry.command} answers in text, so --save has no sound to save.",
            hint="Send the text to a file: skydeck call … > answer.txt",
        )
    check_writable(place)
    if options.get("speak") is False:
        raise BadInput("--save needs the spoken answer.", hint="Leave out speak=false.")


def _request(
    chosen: CallOptions,
    entry: ModuleEntry,
    text: str | None,
    files: list[Path],
    options: dict[str, Any],
    language: str | None,
) -> tuple[Request, tuple[str, ...]]:
    """The request, and the names of recordings that were left out of it."""
    source = chosen.source
    match entry.service:
        case Service.GRACE:
            known = load_grace(chosen.settings)[entry.name]
            return grace.task(known, _text(text, files), source=source, options=options), ()
        case Service.FACTORY:
            return factory.build(_text(text, files), source=source, **options), ()
        case Service.PENNY:
            data, refused = _penny_input(entry.name, text, files, language)
            request = Request(
                source=source,
                target=Target(service=Service.PENNY, module=entry.name),
                input=data,
                **given(params=options or None),
            )
            return request, refused


def _penny_input(
    module: str, text: str | None, files: Sequence[Path], language: str | None
) -> tuple[Input, tuple[str, ...]]:
    """Penny's input: recordings, or a text that she answers or speaks."""
    if text is not None and files:
        raise BadInput(_ONE_OF_BOTH)
    takes_text = module != PennyModule.TRANSCRIBE
    if not takes_text and not files:
        raise BadInput("transcribe works on a recording.", hint="Add --file memo.ogg.")
    is_text = takes_text and all(kind_of_file(one) is FileKind.TEXT for one in files)
    if not files or is_text or module == PennyModule.SPEAK:
        words = _text(text, files)
        return Input(type=InputType.TEXT, data=words, **given(language=language)), ()
    long = module == PennyModule.TRANSCRIBE
    limit_s = RECORDING_LIMIT_S if long else QUESTION_LIMIT_S
    return read_clips(files, language=language, limit_s=limit_s)


def _question(typed: str) -> str:
    """The question: the argument, or standard input for `-`.

    Raises:
        BadInput: There is none.
        TooLarge: Penny does not take so much.
    """
    question = _read_input() if typed == _FROM_INPUT else typed
    if not question.strip():
        raise BadInput("There is no question.", hint='Try: skydeck ask "What time is it in Lima?"')
    if len(question) > _MAX_ASKED_CHARS:
        raise TooLarge(
            f"The question has {len(question):,} characters; the limit is {_MAX_ASKED_CHARS:,}.",
            hint='Give a long text as a file: skydeck ask "…" --file report.txt',
        )
    return question


def _text(text: str | None, files: Sequence[Path]) -> str:
    """Read the text to work on: the argument, standard input for `-`, or files."""
    if text is not None and files:
        raise BadInput(_ONE_OF_BOTH)
    given_text = _read_input() if text == _FROM_INPUT else text or ""
    words = _text_of_files(files) if files else given_text
    if not words.strip():
        raise BadInput(
            "There is no text to work on.", hint="Give a text, - for standard input, or --file."
        )
    return words


def _read_input() -> str:
    return read_standard_input(limit_bytes=_MAX_TEXT_BYTES)


def _text_of_files(files: Sequence[Path]) -> str:
    """The text of one file, or of several under their names, as in Discord."""
    texts = [read_text(one, limit_bytes=_MAX_TEXT_BYTES // len(files)) for one in files]
    if len(files) == 1:
        return texts[0]
    return "\n\n".join(f"[{one.name}]\n{words}" for one, words in zip(files, texts, strict=True))
