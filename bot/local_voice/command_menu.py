"""What can be typed after "/": the menu, the completions and the help are the same list. Pure."""

from collections.abc import Iterator

from bot import languages
from bot.contract.grace import Module
from bot.contract.options import Option, OptionType
from bot.i18n import Words
from bot.local_voice.commands import ROUNDS, Commands, Instruction, build_name
from bot.local_voice.view import MenuItem


def menu(commands: Commands, text: str, words: Words) -> list[MenuItem]:
    """What the typed beginning can become, best first; empty if it is not a command.

    Args:
        commands: All commands.
        text: The input line.
        words: The person's language.
    """
    if not text.startswith("/"):
        return []
    name, space, rest = text[1:].partition(" ")
    if not space:
        return _of_commands(commands, name.lower(), words)
    earlier, _, word = rest.rpartition(" ")
    if not all("=" in one for one in earlier.split()):
        return []  # the text has begun
    before = text[: len(text) - len(word)]
    return list(_of_options(commands, name.lower(), before, word, words))


def help_text(commands: Commands, words: Words) -> str:
    """Describe each command in a line."""
    lines = []
    for item in _all(commands, words):
        module = commands.module_called(item.label[1:])
        options = [option.name for option in module.options] if module else []
        if item.label == f"/{build_name(words)}":
            options = [ROUNDS]
        listed = {"about": item.about, "options": ", ".join(options)}
        about = words("talk.command.with_options", **listed) if options else item.about
        lines.append(f"{item.label}: {about}")
    return "\n".join([*lines, words("talk.command.or_say")])


def _of_commands(commands: Commands, typed: str, words: Words) -> list[MenuItem]:
    """Those whose name begins so, then those that have it elsewhere in their name."""
    items = list(_all(commands, words))
    first = [item for item in items if item.label[1:].startswith(typed)]
    return first + [item for item in items if item not in first and typed in item.label[1:]]


def _all(commands: Commands, words: Words) -> Iterator[MenuItem]:
    for name, instruction in commands.instructions(words).items():
        about = words(f"talk.command.{instruction}")
        end = " " if instruction is Instruction.FIND else ""
        yield MenuItem(f"/{name}{end}", f"/{name}", about)
    build = build_name(words)
    yield MenuItem(f"/{build} ", f"/{build}", words("talk.command.build"))
    for name, module in commands.modules(words).items():
        yield MenuItem(f"/{name} ", f"/{name}", _about(module, words))


def _about(module: Module, words: Words) -> str:
    key = f"grace.module.{module.name.lower()}.about"
    return (words(key) if words.has(key) else module.purpose).rstrip(".")


def _of_options(
    commands: Commands, name: str, before: str, word: str, words: Words
) -> Iterator[MenuItem]:
    """The options that begin with the word, or the values of the option that it names."""
    if name == build_name(words) or name == "build":
        if ROUNDS.startswith(word):
            yield MenuItem(f"{before}{ROUNDS}=", f"{ROUNDS}=", words("talk.command.rounds"))
        return
    module = commands.module_called(name)
    if module is None:
        return
    typed, equals, value = word.partition("=")
    for option in module.options:
        if equals and option.name == typed:
            yield from _of_values(option, f"{before}{typed}=", value, words)
        elif not equals and option.name.startswith(typed):
            about = _about_option(module, option, words)
            yield MenuItem(f"{before}{option.name}=", f"{option.name}=", about)


def _about_option(module: Module, option: Option, words: Words) -> str:
    key = f"grace.module.{module.name.lower()}.option.{option.name}"
    return (words(key) if words.has(key) else option.description).rstrip(".")


def _of_values(option: Option, before: str, typed: str, words: Words) -> Iterator[MenuItem]:
    for value, about in _values(option, words):
        if value.startswith(typed.lower()) or about.lower().startswith(typed.lower() or "-"):
            yield MenuItem(f"{before}{value} ", value, about)


def _values(option: Option, words: Words) -> Iterator[tuple[str, str]]:
    match option.type:
        case OptionType.LANGUAGE:
            for code in languages.LANGUAGES:
                yield code, words(f"grace.language.{code}")
        case OptionType.CHOICE:
            for choice in option.choices:
                key = f"grace.choice.{choice}"
                yield choice, words(key) if words.has(key) else ""
        case OptionType.BOOLEAN:
            yield "true", words("common.yes")
            yield "false", words("common.no")
