"""A server's settings as text and as menu choices. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.choices import Identity
from bot.contract import Service, System
from bot.contract.grace import Module
from bot.i18n import Words
from bot.languages import LANGUAGES, Language
from bot.persona import NO_PERSONA, SERVER, Persona
from bot.store.records import GuildSettings
from cogs.shared.splitting import as_plain_text

UNSET: Final = "-"
"""The menu value for "no choice"."""
_SHOWN: Final = 20
"""How many channels or roles are listed."""
_MENU_LIMIT: Final = 25
"""The most choices in a menu. Source: Discord's reference, "String Select"."""
_LABEL_LIMIT: Final = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice in a menu."""

    label: str
    value: str
    is_chosen: bool
    about: str = ""


def languages(settings: GuildSettings, words: Words) -> list[Choice]:
    """The languages in which the bot can speak."""
    own = Choice(words("ops.settings.language_own"), UNSET, settings.language is None)
    return [own, *(_language(one, settings) for one in LANGUAGES.values() if one.interface)]


def _language(one: Language, settings: GuildSettings) -> Choice:
    value = one.interface or one.code
    return Choice(one.native.capitalize(), value, settings.language == value)


def identities(settings: GuildSettings, default: Identity, words: Words) -> list[Choice]:
    """The identities under which the bot can speak."""
    own = words("ops.settings.identity_own", name=System(default).assistant)
    return [
        Choice(own, UNSET, settings.identity is None),
        *(
            Choice(f"{System(i).assistant} ({i})", i.value, settings.identity is i)
            for i in Identity
        ),
    ]


def modules(settings: GuildSettings, grace: Mapping[str, Module], words: Words) -> list[Choice]:
    """Grace's modules that can be the default; as many as a menu holds."""
    chosen = settings.default_modules.get(Service.GRACE)
    none = Choice(words("ops.settings.module_none"), UNSET, chosen not in grace)
    offered = list(grace.values())[: _MENU_LIMIT - 1]
    return [
        none,
        *(Choice(m.title, m.name, m.name == chosen, m.purpose[:_LABEL_LIMIT]) for m in offered),
    ]


def summary(
    settings: GuildSettings,
    personas: Mapping[int, Persona],
    default: Identity,
    grace: Mapping[str, Module],
    words: Words,
) -> list[tuple[str, str]]:
    """The current settings, as pairs of a heading and a value."""
    channels = _named((f"<#{c}>" for c in sorted(settings.allowed_channels)), words)
    roles = _named((f"<@&{r}>" for r in sorted(settings.allowed_roles)), words)
    return [
        (words("ops.settings.language"), _chosen(languages(settings, words), settings.language)),
        (
            words("ops.settings.identity"),
            _chosen(identities(settings, default, words), settings.identity),
        ),
        (words("ops.settings.persona"), _persona(personas, words)),
        (words("ops.settings.channels"), channels or words("ops.settings.channels_all")),
        (words("ops.settings.roles"), roles or words("ops.settings.roles_all")),
        (
            words("ops.settings.module"),
            _chosen(
                modules(settings, grace, words),
                settings.default_modules.get(Service.GRACE),
            ),
        ),
        (
            words("ops.settings.actions"),
            words("ops.settings.actions_on" if settings.actions else "ops.settings.actions_off"),
        ),
    ]


def _persona(personas: Mapping[int, Persona], words: Words) -> str:
    """Who the bot is on the server, and the channels where it is another."""
    own = personas.get(SERVER, NO_PERSONA)
    server = as_plain_text(own.name) or words("ops.settings.persona_set")
    parts = [server] if own else []
    if others := _named((f"<#{c}>" for c in sorted(personas) if c != SERVER), words):
        parts.append(words("ops.settings.persona_in", channels=others))
    return "; ".join(parts) or words("ops.settings.persona_none")


def _chosen(choices: list[Choice], value: str | None) -> str:
    """The chosen label; a value that is in no menu any more is shown as it is."""
    label = next((c.label for c in choices if c.is_chosen), None)
    return label or value or ""


def _named(mentions: Iterable[str], words: Words) -> str:
    every = list(mentions)
    shown = " ".join(every[:_SHOWN])
    if len(every) > _SHOWN:
        shown += " " + words("ops.settings.and_more", number=len(every) - _SHOWN)
    return shown
