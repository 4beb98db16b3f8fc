"""The phrases of `modules.toml` and the data files beside it, compiled. Pure."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from bot.i18n import INTERFACE_LANGUAGES, words_for
from bot.language_names import other_languages
from bot.languages import LANGUAGES
from bot.plain_words import plain

_CLITIC: Final = "(?:(?:me|nos|te|se)?(?:lo|la|los|las)|me|nos|te|le|les)?"
_NAMING: Final = (
    "(?:this|that|these|those|the|my|our|your|his|her|their|attached|todays|yesterdays|est[eao]s?|es[eao]s?"
    "|el|la|los|las|al|del|mis?|tus?|sus?|nuestr[oa]s?)"
)
_NOT_NAMING: Final = "of|de|del|to|in|en|que|that|which|for|para|is|es|and|y|a|on|by|with|con|from"
"""No word between an article and the text that it names."""
_END: Final = r"(?:(?<= )|(?![a-z0-9]))"
"""A pattern ends with a word, or with the blank before what it looks ahead at."""


@dataclass(frozen=True, slots=True)
class ModulePhrases:
    """How people ask for a module; see `modules.toml`.

    Attributes:
        works_on_text: Whether it needs a text; else the sentence says what about.
        is_strict: Whether only a text that is named counts: "explain that" is talk.
        verbs: What a request begins with.
        gives: A verb of giving and what is wanted.
        asks: Questions that ask for it.
        tu: Verbs of a request only after a pronoun.
        bare: Verbs that need no object.
        hints: After these words the model decides.
        cues: What names the result, whatever the verb.
        weak: The same, where no module's verb is there.
        asked: The same, in a question about a text.
        unless: What makes it talk after all.
    """

    works_on_text: bool
    is_strict: bool
    verbs: re.Pattern[str]
    gives: re.Pattern[str]
    asks: re.Pattern[str]
    tu: re.Pattern[str]
    bare: re.Pattern[str]
    hints: re.Pattern[str]
    cues: re.Pattern[str]
    weak: re.Pattern[str]
    asked: re.Pattern[str]
    unless: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Phrases:
    """All of them, with the patterns that all modules share."""

    modules: Mapping[str, ModulePhrases]
    frames: re.Pattern[str]
    plans: re.Pattern[str]
    proclitics: re.Pattern[str]
    objects: frozenset[str]
    does: re.Pattern[str]
    asking: re.Pattern[str]
    texts: re.Pattern[str]
    pronouns: re.Pattern[str]
    questions: re.Pattern[str]
    negated: re.Pattern[str]
    reported: re.Pattern[str]
    tags: re.Pattern[str]
    remarks: re.Pattern[str]
    no_texts: re.Pattern[str]
    among_us: re.Pattern[str]
    supposed: re.Pattern[str]
    afterthoughts: re.Pattern[str]
    shared_needs: re.Pattern[str]
    doubts: re.Pattern[str]
    put_off: re.Pattern[str]
    titles: frozenset[str]
    witnessed: re.Pattern[str]
    sources: re.Pattern[str]
    idioms: re.Pattern[str]
    abilities: re.Pattern[str]
    requests: re.Pattern[str]
    references: Mapping[str, re.Pattern[str]]
    empty: frozenset[str]
    options: Mapping[str, Mapping[str, re.Pattern[str]]]


_OTHER_NAMES: Final = {
    **dict.fromkeys(("castellano", "castilian"), "Spanish"),
    "holandes": "Dutch",
    **dict.fromkeys(("mandarin", "chino mandarin", "mandarin chinese"), "Chinese"),
    **dict.fromkeys(("vasco", "eusquera", "vascuence"), "Basque"),
    "farsi": "Persian",
    "bahasa": "Indonesian",
    "finlandes": "Finnish",
}
"""What people call a language besides the names in the table."""
NEVER: Final = re.compile(r"(?!)")


@cache
def language_names() -> Mapping[str, str]:
    """The English name of each language by its plain names, in the languages of the bot's texts."""
    spoken = [words_for(one) for one in INTERFACE_LANGUAGES]
    found = dict(other_languages())
    for code, language in LANGUAGES.items():
        names = [language.english, language.native, *(w(f"grace.language.{code}") for w in spoken)]
        found |= {plain(name): language.english for name in names}
    return found | _OTHER_NAMES


@cache
def phrases() -> Phrases:
    """The phrases of the data files."""
    common, talk, pointing = _table("request_forms"), _table("ordinary_talk"), _table("references")
    empty = "|".join(pointing["empty"]).split("|")
    references = {name: _any(found) for name, found in pointing.items() if name != "empty"}
    return Phrases(
        modules={name: _module(one, common) for name, one in _table("modules").items()},
        frames=_any(common["frames"], after=" "),
        plans=_any(common["plans"], after=" "),
        proclitics=_any(common["proclitics"], after=" "),
        objects=frozenset(common["objects"]),
        does=_any(common["does"]),
        asking=_any(common["asking"]),
        texts=_any(["<text>"]),
        pronouns=_any(common["pronouns"]),
        questions=_any(talk["questions"]),
        negated=_any(talk["negated"]),
        reported=_any(talk["reported"]),
        tags=_any(talk["tags"]),
        remarks=_any(talk["remarks"]),
        no_texts=_any(talk["no_texts"]),
        among_us=_any(talk["among_us"]),
        supposed=_any(talk["supposed"]),
        afterthoughts=_any(talk["afterthoughts"]),
        shared_needs=_any(talk["shared_needs"]),
        doubts=_any(talk["doubts"]),
        put_off=_any(talk["put_off"]),
        titles=frozenset("|".join(talk["titles"]).split("|")),
        witnessed=_any(talk["witnessed"]),
        sources=_any(common["sources"]),
        idioms=_any(talk["idioms"]),
        abilities=_any(talk["abilities"]),
        requests=_any(common["requests"]),
        references=references,
        empty=frozenset(empty),
        options={
            option: {choice: _any(found) for choice, found in choices.items()}
            for option, choices in _table("option_words").items()
        },
    )


@cache
def _table(name: str) -> dict[str, Any]:
    text = resources.files("bot.actions").joinpath(f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


def hints_of(name: str) -> re.Pattern[str]:
    """Words that could mean a module of an operator's own, by its name and title."""
    words = [word for word in plain(name).replace("_", " ").split() if len(word) > 3]  # noqa: PLR2004
    return _any(["|".join(map(re.escape, words))]) if words else NEVER


def _module(table: Mapping[str, Any], common: Mapping[str, list[str]]) -> ModulePhrases:
    give = "|".join(common["give"])
    any_article = "|".join([*common["indefinite"], *common["definite"], r"\d+", r"[a-z]+"])
    indefinite = "|".join([*common["indefinite"], r"\d{1,2}"])
    not_between = (
        "of|about|for|to|de|sobre|para|that|que|you|i|we|they|tu|yo|when|if|si"
        "|aprender|saber|intentar|empezar|dejar|volver|como|how"  # "quiero aprender a redactar"
    )
    between = rf"(?:(?!(?:{not_between})\b)[a-z0-9]+ ){{0,4}}?"
    nouns, a_nouns = "|".join(table.get("nouns", [])), "|".join(table.get("a_nouns", []))
    wanted = []
    if nouns:
        wanted.append(rf"(?:(?:{any_article}) )?{between}(?:{nouns})")
    if a_nouns:
        definite = "|".join(common["definite"])
        unless = rf"(?:(?!(?:{not_between}|{definite})\b)[a-z0-9]+ ){{0,4}}?"
        wanted.append(rf"(?!(?:{definite}) )(?:(?:{indefinite}) )?{unless}(?:{a_nouns})")
    gifts = [rf"(?:{give}) (?:{'|'.join(wanted)}){_END}"] if wanted else []
    if a_nouns:
        create = "|".join(common["create"])
        gifts.append(rf"(?:{create}) (?:the|el|la) (?:{a_nouns})(?= (?:of|for|de|para)\b){_END}")
    no_verb = r"(?!.* (?:is|was|are|were|has|had|es|fue|era|esta|estaba|son|ha)\b)"
    please = r"(?:please|pls|por favor|porfa)\Z"
    if a_nouns:  # "Ideas for a party, please"
        gifts.append(rf"(?:{a_nouns})(?= (?:for|about|on|to|of|para|sobre|de) .*\b{please})")
        gifts.append(
            rf"(?:an? |una? )?(?:\w+ )?(?:{a_nouns}) (?:for|of|para|de) (?=<text>){no_verb}"
        )
    if nouns:  # "Summary of this, please"
        gifts.append(
            r"(?:a |an |the |una? )?(?:(?:short|quick|brief|full|detailed|<lang>) )?"
            rf"(?:{nouns})(?=(?: (?:please|pls|porfa|por favor))? (?:of|for|del?)\b){no_verb}"
        )
        gifts.append(rf"(?:an? |una? )?(?:\w+ )?(?:{nouns})(?= (?:\w+ )?{please})")
    return ModulePhrases(
        works_on_text=table["needs"] == "text",
        is_strict=table.get("strict", False),
        verbs=_any([*table.get("verbs", []), *_wanted_done(table)]),
        gives=_compiled("|".join(gifts)) if gifts else NEVER,
        asks=_any(table.get("asks", [])),
        tu=_any(table.get("tu", [])),
        bare=_any([table["bare"]]) if "bare" in table else NEVER,
        hints=_any([table["hints"]]) if "hints" in table else NEVER,
        cues=_any(table.get("cues", [])),
        weak=_any(table.get("weak", [])),
        asked=_any([table["asked"]]) if "asked" in table else NEVER,
        unless=_any([table["unless"]]) if "unless" in table else NEVER,
    )


def _wanted_done(table: Mapping[str, Any]) -> list[str]:
    """As in "I need this letter translated" and "necesito esta carta traducida"."""
    if "done" not in table:
        return []
    wants = (
        "(?:i|we) (?:want|need|would like)(?: to (?:have|get))?|id like(?: to have)?"
        "|(?:can|could) (?:i|we) (?:have|get)|(?:have|get)"
        "|(?:quiero|quisiera|querria|necesito|necesitamos|me gustaria(?: tener)?)"
    )
    named = (
        "(?:this|that|these|those|it|the|my|our|what|your"
        "|esto|eso|lo|este|esta|estos|estas|ese|esa|el|la|los|las|mi|mis|tu)"
    )
    return [rf"(?:{wants}) (?={named} (?:(?!that\b|que\b)\w+ ){{0,6}}(?:{table['done']})\b)"]


def _any(alternatives: Iterable[str], after: str = _END) -> re.Pattern[str]:
    """Any of some patterns, as whole words."""
    given = list(alternatives)
    return _compiled(rf"\b(?:{'|'.join(given)}){after}") if given else NEVER


def _compiled(pattern: str) -> re.Pattern[str]:
    for name, stands_for in _macros().items():
        pattern = pattern.replace(name, stands_for)
    return re.compile(pattern)


@cache
def _macros() -> Mapping[str, str]:
    """What the names in angle brackets stand for."""
    nouns = "|".join(_table("request_forms")["texts"])
    languages = "|".join(re.escape(name) for name in language_names() if name.isascii())
    text = rf"(?:{_NAMING} (?:(?!(?:{_NOT_NAMING})\b)\w+ ){{0,2}}?(?:{nouns})\b)"
    return {
        "<cl>": _CLITIC,
        "<text>": text,
        "<nouns>": f"(?:{nouns})",
        "<lang>": f"(?:{languages})",
    }
