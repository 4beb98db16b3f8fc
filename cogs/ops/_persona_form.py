"""What people type about a persona, and a persona as text. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.errors import BadInput
from bot.i18n import INTERFACE_LANGUAGES, Words, words_for
from bot.languages import LANGUAGES, find_language
from bot.persona import MAX_NAME_CHARS, Persona, as_instructions, as_name, check_name, is_common
from bot.plain_words import plain
from bot.sanitize import clean_excerpt
from cogs.shared.markdown import escaped
from cogs.shared.splitting import as_plain_text, disarm


@dataclass(frozen=True, slots=True)
class Typed:
    """The form's fields, as typed."""

    name: str = ""
    instructions: str = ""
    language: str = ""
    voice: str = ""

    @classmethod
    def of(cls, persona: Persona, words: Words) -> "Typed":
        """The fields of what is chosen already."""
        language = _language_name(persona.language, words) if persona.language else ""
        return cls(persona.name, persona.instructions, language, persona.voice)


def read_form(typed: Typed, voice: str, words: Words) -> Persona:
    """The persona that was typed.

    Args:
        typed: The fields.
        voice: The name of the voice in them, which is known to exist; empty: none.
        words: The person's language.

    Raises:
        BadInput: Says what cannot be used, and why.
    """
    name = as_name(typed.name)
    if name and (problem := check_name(name)):
        raise BadInput(words(f"ops.persona.name_{problem}", most=MAX_NAME_CHARS))
    return Persona(
        name=name,
        instructions=as_instructions(typed.instructions),
        language=_language_code(typed.language, words),
        voice=voice,
    )


def warnings(persona: Persona, words: Words) -> Iterator[str]:
    """What whoever chose it should know."""
    if persona.name and is_common(persona.name):
        yield words("ops.persona.name_common", name=as_plain_text(persona.name))


def shown(own: Persona, around: Persona, words: Words) -> str:
    """A persona as lines of Markdown; what comes from the place around it is marked."""
    lines = []
    for field in ("name", "language", "voice", "instructions"):
        value = getattr(own, field) or getattr(around, field)
        if not value:
            text = words(f"ops.persona.none.{field}")
        elif field == "language":
            text = as_plain_text(_language_name(value, words))
        elif field == "instructions":
            text = "\n" + "\n".join(f"> {line}" for line in _as_lines(value))
        else:
            text = as_plain_text(value)
        mark = "" if getattr(own, field) or not value else f" {words('ops.persona.from_server')}"
        lines.append(f"**{words(f'ops.persona.{field}')}**{mark}: {text}")
    return "\n".join(lines)


def _as_lines(instructions: str) -> list[str]:
    return [disarm(escaped(line)) for line in instructions.splitlines()]


def _language_code(typed: str, words: Words) -> str:
    """The code of a language by its code, or its name in English, Spanish or itself.

    Raises:
        BadInput: There is no such language.
    """
    wanted = plain(typed.strip())
    if not wanted:
        return ""
    if by_code := find_language(wanted):
        return by_code.code
    everywhere = [words_for(language) for language in INTERFACE_LANGUAGES]
    for code, one in LANGUAGES.items():
        names = {one.english, one.native, *(_language_name(code, each) for each in everywhere)}
        if wanted in map(plain, names):
            return code
    raise BadInput(words("ops.persona.no_language", language=clean_excerpt(typed, limit=40)))


def _language_name(code: str, words: Words) -> str:
    key = f"grace.language.{code}"
    return words(key) if words.has(key) else LANGUAGES[code].native
