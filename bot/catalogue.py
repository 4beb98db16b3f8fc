"""Lists every module of the three services, for the command line, the cogs and Grace herself."""

from importlib import resources
from typing import Literal

from audio.files import open_regular
from bot.contract.envelope import InputType, Service
from bot.contract.factory import BUILD_KINDS, FactoryModule
from bot.contract.grace import Module, parse_catalogue, unknown_module
from bot.contract.options import AUTO, Data, Option, OptionType
from bot.contract.penny import PennyModule
from bot.errors import BadSettings
from bot.module_names import find_module_name, module_name
from bot.settings import Settings

REPLY_LANGUAGE = "reply_language"
"""Penny's option; her requests carry a code."""
_MAX_FILE_BYTES = 1_000_000
_TITLES = {Service.PENNY: "Penny", Service.GRACE: "Grace", Service.FACTORY: "The Factory"}
_HINT = "Fix the file that SKYDECK_GRACE_CATALOGUE names, or unset the setting."


class ModuleEntry(Data):
    """The facts that a person needs to use a module."""

    service: Service
    name: str
    title: str
    purpose: str
    takes: list[InputType]
    gives: Literal["text", "json", "audio"]
    options: list[Option]
    example: str

    @property
    def command(self) -> str:
        """What people type for it."""
        return module_name(self.name)


def packaged_catalogue() -> str:
    """The catalogue that comes with skydeck, as TOML; a starting point for your own."""
    return resources.files("bot").joinpath("grace_modules.toml").read_text("utf-8")


def load_grace(settings: Settings) -> dict[str, Module]:
    """Grace's modules by name, from the user's own catalogue or the one that comes with skydeck.

    Raises:
        BadSettings: The file cannot be read, or has a mistake; says in which module and field.
    """
    path = settings.skydeck_grace_catalogue
    if path is None:
        return parse_catalogue(packaged_catalogue())
    try:
        with open_regular(path) as file:
            content = file.read(_MAX_FILE_BYTES + 1)
        if len(content) > _MAX_FILE_BYTES:
            raise BadSettings(f"{path} is over 1 MB, too large for a catalogue.", hint=_HINT)
        text = content.decode("utf-8-sig")
    except OSError as e:
        raise BadSettings(
            f"Grace's catalogue {path} cannot be read ({e.strerror}).", hint=_HINT
        ) from None
    except UnicodeDecodeError:
        raise BadSettings(f"Grace's catalogue {path} is not UTF-8 text.", hint=_HINT) from None
    try:
        return parse_catalogue(text)
    except BadSettings as e:
        raise BadSettings(e.message, hint=_HINT) from None


def list_modules(settings: Settings, service: Service | None = None) -> list[ModuleEntry]:
    """The modules of a service, or of all three.

    Raises:
        BadSettings: Grace's catalogue cannot be read.
    """
    entries: list[ModuleEntry] = []
    if service in {None, Service.PENNY}:
        entries += _PENNY
    if service in {None, Service.GRACE}:
        entries += [_entry(module) for module in load_grace(settings).values()]
    if service in {None, Service.FACTORY}:
        entries += _FACTORY
    return entries


def find_module(settings: Settings, service: Service, name: str) -> ModuleEntry:
    """A module of a service by any name that it has (`bot.module_names`).

    Raises:
        BadSettings: Grace's catalogue cannot be read.
        UnknownModule: The service has no such module; says which it has.
    """
    entries = {entry.name: entry for entry in list_modules(settings, service)}
    known = find_module_name(name, entries)
    if known is None:
        raise unknown_module(_TITLES[service], name, entries)
    return entries[known]


def _entry(module: Module) -> ModuleEntry:
    return ModuleEntry(
        service=Service.GRACE,
        name=module.name,
        title=module.title,
        purpose=module.purpose,
        takes=[InputType.TEXT, InputType.JSON],
        gives=module.output,
        options=module.options,
        example=module.example.input,
    )


_VOICE = Option(name="voice", description="The voice; if empty, the language decides.", default="")

_PENNY = [
    ModuleEntry(
        service=Service.PENNY,
        name=PennyModule.CONVERSE,
        title="Converse",
        purpose="Hears or reads a question, and answers in text and speech.",
        takes=[InputType.AUDIO, InputType.TEXT],
        gives="text",
        options=[
            Option(
                name="speak",
                description="Whether to speak the answer.",
                type=OptionType.BOOLEAN,
                default=True,
            ),
            _VOICE,
            Option(
                name="max_tokens",
                description="The maximum length of the answer, in tokens.",
                type=OptionType.INTEGER,
                default=200,
                min=1,
                max=1024,
            ),
            Option(
                name="brief",
                description="Whether the answer is short.",
                type=OptionType.BOOLEAN,
                default=False,
            ),
            Option(
                name=REPLY_LANGUAGE,
                description="The answer's language; auto: the question's.",
                type=OptionType.LANGUAGE,
                default=AUTO,
            ),
        ],
        example="What is the capital of France?",
    ),
    ModuleEntry(
        service=Service.PENNY,
        name=PennyModule.TRANSCRIBE,
        title="Transcribe",
        purpose="Transcribes a recording.",
        takes=[InputType.AUDIO],
        gives="text",
        options=[],
        example="(a recording)",
    ),
    ModuleEntry(
        service=Service.PENNY,
        name=PennyModule.SPEAK,
        title="Speak",
        purpose="Reads a text aloud.",
        takes=[InputType.TEXT],
        gives="audio",
        options=[_VOICE],
        example="The train to Lyon leaves at nine.",
    ),
]

_FACTORY = [
    ModuleEntry(
        service=Service.FACTORY,
        name=FactoryModule.BUILD,
        title="Build",
        purpose="Drafts, checks, criticizes and improves until the result works.",
        takes=[InputType.TEXT],
        gives="json",
        options=[
            Option(
                name="kind",
                description="Python is checked by running it, text by reading it.",
                type=OptionType.CHOICE,
                choices=list(BUILD_KINDS),
                default="auto",
            ),
            Option(
                name="iterations",
                description="The maximum number of rounds.",
                type=OptionType.INTEGER,
                default=4,
                min=1,
                max=10,
            ),
        ],
        example="A function that tells whether a word is a palindrome.",
    ),
]
