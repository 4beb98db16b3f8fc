"""Each command, option and choice is shown in every language, by a text of the locales."""

import discord
import pytest

from bot.i18n import DEFAULT, INTERFACE_LANGUAGES, words_for

LOCALES = [
    locale.value
    for locale in discord.Locale
    if locale.value.partition("-")[0] in set(INTERFACE_LANGUAGES) - {DEFAULT}
]
ONE_NAME = {"grace"}
"""Commands whose name is the same in every language."""


def walk(item, path=()):
    here = (*path, item["name"])
    yield here, item
    for inner in [*(item.get("options") or ()), *(item.get("choices") or ())]:
        yield from walk(inner, here)


@pytest.mark.parametrize("locale", LOCALES)
async def test_every_text_of_a_command_is_in_the_locales(sim, deck, locale):
    english, other = (set(words_for(one).texts.values()) for one in (DEFAULT, locale))
    seen = 0
    for command in sim.commands:
        for path, item in walk(command):
            for field in ("name", "description"):
                text = item.get(field)
                if not text or (field == "name" and item["name"] in ONE_NAME):
                    continue
                seen += 1
                assert text in english, f"{path}: {text}"
                assert item[f"{field}_localizations"][locale] in other, f"{path}: {text}"
    assert seen > 200
    assert not sim.problems
