"""The names under which people know a module. Pure.

`module_name` is what they type: `summarize` for the contract's SUMMARIZER, as Discord shows it in
English; an operator's own module has the contract's name in lower case, as `my-own`. `read_name` is
what they read in a list or a sentence: the same, but in their language, and as a word of it (`talk`
for CONVERSE). Whoever types any of these names, or the contract's, means that module.
"""

import re
from collections.abc import Collection
from typing import Final

from bot.i18n import INTERFACE_LANGUAGES, words_for

_OURS: Final = re.compile(r"[A-Z][A-Z0-9_]*")
"""A name as catalogues write it; a foreign service's own name stays as it is."""
_READ_AS: Final = {
    ("PENNY", "CONVERSE"): "common.penny.converse",
    ("PENNY", "TRANSCRIBE"): "common.penny.transcribe",
    ("PENNY", "SPEAK"): "common.penny.speak",
    ("FACTORY", "BUILD"): "factory.cmd.build.name",
}
"""Texts for what Penny and the Factory have; Grace's modules are read as they are typed."""


def read_name(service: str, contract_name: str, language: str | None) -> str:
    """The name of a service's module in a list or a sentence."""
    key = _READ_AS.get((service, contract_name))
    return words_for(language)(key) if key else module_name(contract_name, language)


def module_name(contract_name: str, language: str | None = None) -> str:
    """A module's name to type, by default in English, which is what commands take."""
    key = f"grace.module.{contract_name.lower()}.name"
    words = words_for(language)
    if words.has(key):
        return words(key)
    return _plain(contract_name) if _OURS.fullmatch(contract_name) else contract_name


def module_names(contract_names: Collection[str]) -> dict[str, str]:
    """The names to type of several modules, by the contract's name; no two are the same."""
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
    read = {
        _plain(read_name(service, known, language)): known
        for service, _ in _READ_AS
        for language in INTERFACE_LANGUAGES
        for known in contract_names
    }
    return read.get(wanted)


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(" ", "-")
