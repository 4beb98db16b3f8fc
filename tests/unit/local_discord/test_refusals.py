"""Why people cannot do something, in both languages of the page."""

import ast
from pathlib import Path
from string import Formatter

import pytest

import local_discord
from local_discord import errors
from local_discord.client_words import Phrase, spanish_refusals
from local_discord.errors import CannotDo

ROOT = Path(local_discord.__file__).parent
NAMED = {
    name: text
    for module in ("errors", "page.tab")
    for name, text in vars(__import__(f"local_discord.{module}", fromlist=["x"])).items()
    if name.isupper() and isinstance(text, str)
}


def texts_in_code() -> set[str]:
    """The text of each refusal, and each phrase in one."""
    found = set()
    for file in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "CannotDo",
                "Phrase",
            ):
                match node.args[0]:
                    case ast.Constant(str(text)):
                        found.add(text)
                    case ast.Name(name) if name in NAMED:
                        found.add(NAMED[name])
                    case ast.JoinedStr():
                        pytest.fail(f"{file.name}:{node.lineno}: give the values by name")
    return found


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_each_refusal_has_its_spanish_words_with_the_same_values():
    told = spanish_refusals()
    for text in texts_in_code():
        assert text in told, text
        assert names_in(told[text]) == names_in(text)


def test_a_phrase_and_a_list_are_told_in_the_readers_language():
    refused = CannotDo(
        "{name} may not {act} in {channel}",
        name="{Ana}",
        act=[Phrase("send messages"), Phrase("attach files")],
        channel="general",
    )
    assert str(refused) == "{Ana} may not send messages, attach files in general"
    assert refused.told("es-ES") == "{Ana} no puede enviar mensajes, adjuntar archivos en general"
    assert refused.told("en-GB") == str(refused)


def test_discord_s_own_refusals_of_a_person_are_told_in_spanish():
    made = (errors.missing_permissions, errors.thread_is_archived, errors.too_many_reactions)
    for make in made:
        refused = CannotDo("{why}", why=Phrase(make().message))
        assert refused.told("es") != str(refused)
