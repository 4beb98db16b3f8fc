"""The one name under which people know a module: `summarize` for the contract's SUMMARIZER. Pure.

It is the name that Discord shows in English; an operator's own module has the contract's name in
lower case. Whoever types another name of a module (the contract's, or the one that Discord shows in
Spanish) means the same module.
"""

import re
from collections.abc import Collection
from typing import Final

from bot.i18n import DEFAULT, INTERFACE_LANGUAGES, words_for

_OURS: Final = re.compile(r"[A-Z][A-Z0-9_]*")
"""A name as catalogues have it; a foreign service's own remains as it is."""


def module_name(contract_name: str, language: str | None = None) -> str:
    """A module's name for people, by default in English, which is what commands take."""
    key = f"grace.module.{contract_name.lower()}.name"
    words = words_for(language)
    if words.has(key):
        return words(key)
    return _plain(contract_name) if _OURS.fullmatch(contract_name) else contract_name


def module_names(contract_names: Collection[str]) -> dict[str, str]:
    """The names for people of several modules, by the contract's name; no two are the same."""
    plain = {name: _plain(name) for name in contract_names}
    taken = set(plain.values())
    return {
        name: own if (shown := module_name(name)) in taken - {own} else shown
        for name, own in plain.items()
    }


def find_module_name(typed: str, contract_names: Collection[str]) -> str | None:
    """The contract's name of the module that somebody means; None: there is none."""
    wanted = _plain(typed.strip())
    for known in contract_names:
        if _plain(known) == wanted:
            return known
    shown = {name: known for known, name in module_names(contract_names).items()}
    if wanted in shown:
        return shown[wanted]
    others = (language for language in INTERFACE_LANGUAGES if language != DEFAULT)
    translated = {module_name(known, one): known for one in others for known in contract_names}
    return translated.get(wanted)


def _plain(name: str) -> str:
    return name.lower().replace("_", "-")
