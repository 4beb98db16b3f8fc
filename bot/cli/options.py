"""What several commands share: options, how they are completed, and services by name."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from bot.catalogue import ModuleEntry, list_modules
from bot.contract import Service
from bot.contract.options import Option
from bot.did_you_mean import did_you_mean
from bot.errors import BadInput, SkydeckError, UnknownModule
from bot.language_names import language_named, no_language
from bot.languages import LANGUAGES, find_language
from bot.module_names import find_module_name
from bot.sanitize import quoted
from bot.settings import load_settings
from bot.voices.voice_names import JOE, KOKORO_VOICES, PIPER_VOICES

_DETECTED = "auto"
Offers: TypeAlias = list[tuple[str, str]]
"""What a shell offers: words, and what each means."""


def read_language(word: str | None) -> str | None:
    """Read a language: a tag (`es`, `es-MX`), a name in English, or its own; `auto` is None.

    Raises:
        BadInput: There is no such language; says which was probably meant.
    """
    if word is None or word.strip().lower() == _DETECTED:
        return None
    known = language_named(word)
    if known is None:
        problem, hint = no_language(word)
        raise BadInput(problem, hint=hint)
    return word.strip() if find_language(word) else known.code


def complete_language(incomplete: str) -> Offers:
    """The languages by code."""
    return _beginning(((one.code, one.english) for one in LANGUAGES.values()), incomplete)


def complete_service(incomplete: str) -> Offers:
    """The services."""
    named = ((one.value.lower(), _services_do(one)) for one in Service)
    return _beginning(named, incomplete)


def complete_module(context: typer.Context, incomplete: str) -> Offers:
    """The modules of the service that is already there."""
    named = ((entry.command, entry.purpose) for entry in _entries(context))
    return _beginning(named, incomplete)


def complete_module_option(context: typer.Context, incomplete: str) -> Offers:
    """The options of the module that is already there, as `name=`; then their values."""
    entries = {entry.name: entry for entry in _entries(context)}
    known = find_module_name(_typed(context, "module", 1), entries)
    options = entries[known].options if known is not None else []
    name, equals, _ = incomplete.partition("=")
    if not equals:
        return _beginning(((f"{one.name}=", one.description) for one in options), incomplete)
    values = (f"{name}={value}" for one in options if one.name == name for value in _values(one))
    return _beginning(((value, "") for value in values), incomplete)


def _values(option: Option) -> Iterable[str]:
    if option.name == "voice":
        return (JOE, *PIPER_VOICES, *KOKORO_VOICES)
    return option.known_values()


def _entries(context: typer.Context) -> list[ModuleEntry]:
    """The modules of the service that the line names so far; none if it cannot be said."""
    with suppress(SkydeckError):
        return list_modules(load_settings(), service_named(_typed(context, "service", 0)))
    return []


def _typed(context: typer.Context, name: str, place: int) -> str:
    """An argument of a line that is not complete, after which typer leaves the arguments unread."""
    rest = context.args[place] if place < len(context.args) else ""
    return str(context.params.get(name) or rest)


def _services_do(service: Service) -> str:
    return {
        Service.PENNY: "hears, thinks and speaks",
        Service.GRACE: "works on texts",
        Service.FACTORY: "builds programs and documents",
    }[service]


def _beginning(offers: Iterable[tuple[str, str]], incomplete: str) -> Offers:
    wanted = incomplete.lower()
    return [(word, about) for word, about in offers if word.lower().startswith(wanted)]


def read_options(pairs: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Split options of the form `name=value`.

    Raises:
        BadInput: One has another form.
    """
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise BadInput(f"An option is name=value, not {quoted(pair)}.")
        yield name.strip(), value


def language_option(help: str) -> Any:  # noqa: A002  (typer's word)
    """An option that takes a language; what it is for is the caller's."""
    return typer.Option(
        help=help,
        show_default=False,
        callback=read_language,
        autocompletion=complete_language,
    )


def optional_argument(help: str, complete: Callable[..., Offers]) -> Any:  # noqa: A002
    """An argument that need not be given, and that a shell completes."""
    return typer.Argument(help=help, show_default=False, autocompletion=complete)


LanguageOption = Annotated[
    str | None, language_option("Language spoken (en, es, …); detected if not given.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")]
SaveOption = Annotated[
    Path | None,
    typer.Option(help="Where to save the spoken answer (.ogg, .opus, .wav).", show_default=False),
]


def service_named(name: str) -> Service:
    """Find a service by the name that a person typed.

    Raises:
        UnknownModule: No service has that name.
    """
    try:
        return Service(name.strip().upper())
    except ValueError:
        guess = did_you_mean(name, [one.value.lower() for one in Service])
        hint = f"{guess} The services are penny, grace and factory.".strip()
        raise UnknownModule(f"There is no service {quoted(name)}.", hint=hint) from None
