"""What the person types: questions and commands."""

import contextlib

import pytest

from bot.catalogue import load_grace
from bot.contract import Service, Source
from bot.errors import BadInput, SkydeckError, UnknownModule
from bot.i18n import words_for
from bot.local_voice.command_menu import help_text, menu
from bot.local_voice.commands import ENGLISH, Commands, Instruction, Question, Task
from bot.settings import Settings

SPANISH = words_for("es")


def texts(commands: Commands, typed: str) -> list[str]:
    return [item.text for item in menu(commands, typed, ENGLISH)]


@pytest.fixture(scope="module")
def commands() -> Commands:
    return Commands(load_grace(Settings(_env_file=None)), Source(system="DECK"))


def test_words_are_a_question(commands):
    assert commands.read("  How far is the moon? ", so_far="") == Question("How far is the moon?")


def test_a_module_with_options_and_a_text(commands):
    task = commands.read("/translate to=es Good = morning", so_far="")
    assert isinstance(task, Task)
    assert task.request.target.service is Service.GRACE
    assert task.request.target.module == "TRANSLATOR"
    assert task.request.params == {"to": "es"}
    assert task.request.input.data == "Good = morning"


@pytest.mark.parametrize("name", ["summarize", "summarizer", "SUMMARIZER", "resumir"])
def test_a_module_is_known_by_each_of_its_names(commands, name):
    task = commands.read(f"/{name} length=short Some words.", so_far="")
    assert task.request.target.module == "SUMMARIZER"
    assert task.request.params == {"length": "short"}
    assert texts(commands, f"/{name} le") == [f"/{name} length="]


def test_a_misspelt_option_is_no_part_of_the_text(commands):
    with pytest.raises(BadInput, match="Did you mean length"):
        commands.read("/summarize lenght=short Some words.", so_far="")
    task = commands.read("/explain x=5 is an equation", so_far="")
    assert task.request.input.data == "x=5 is an equation"


def test_without_a_text_it_works_on_what_was_said(commands):
    task = commands.read("/summarize", so_far="We said this and that.")
    assert task.request.input.data == "We said this and that."


def test_a_build(commands):
    task = commands.read("/build iterations=2 a leap year test", so_far="")
    assert task.request.target.service is Service.FACTORY
    assert task.request.policy.max_iterations == 2
    assert task.request.input.data == "a leap year test"


def test_our_own_commands_are_instructions(commands):
    assert commands.read("/HELP", so_far="") is Instruction.HELP


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "is empty"),
        ("/", "no command"),
        ("/summarise x", "/summarize"),
        ("/qqq", "/help"),
        ("/summarize", "no text"),
        ("/build", "nothing to build"),
        ("/build iterations=99 x", "from 1 to 10"),
        ("/build iterations=² x", "whole number"),
        ("/translate to=klingonese hello", "to"),
        ("/" + "x" * 5000, "no command"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(commands, typed, told):
    with pytest.raises((BadInput, UnknownModule)) as caught:
        commands.read(typed, so_far="")
    assert told in str(caught.value)
    assert len(str(caught.value)) < 400


def test_help_names_every_command(commands):
    text = help_text(commands, ENGLISH)
    assert all(f"/{name}" in text for name in commands.names())
    assert len(commands.names()) == 5 + 1 + 18


def test_the_menu_lists_what_can_be_typed(commands):
    assert texts(commands, "/su")[0] == "/summarize "
    assert texts(commands, "/summarize le") == ["/summarize length="]
    assert texts(commands, "hello") == []
    assert texts(commands, "/summarize length=s") == ["/summarize length=short "]
    assert texts(commands, "/translate to=span") == ["/translate to=es "]
    assert texts(commands, "/summarize length=short st") == ["/summarize length=short style="]
    assert texts(commands, "/qqq x") == []
    assert texts(commands, "/build it") == ["/build iterations="]
    assert len(texts(commands, "/")) == len(commands.names())


@pytest.mark.parametrize("words", [ENGLISH, SPANISH], ids=["en", "es"])
def test_every_line_of_the_menu_says_what_it_does(commands, words):
    items = menu(commands, "/", words)
    assert len({item.label for item in items}) == len(items)
    for item in items:
        assert item.about
        assert item.text.strip() == item.label
        for option in menu(commands, f"{item.text.strip()} ", words):
            assert option.about
            assert menu(commands, option.text, words) or "=" in option.text


def test_the_menu_is_in_the_persons_language_and_so_are_the_names(commands):
    assert "/resumir" in [item.label for item in menu(commands, "/", SPANISH)]
    assert commands.read("/ayuda", so_far="", words=SPANISH) is Instruction.HELP
    assert commands.read("/guardar", so_far="", words=ENGLISH) is Instruction.SAVE
    task = commands.read("/encargar un dado", so_far="", words=SPANISH)
    assert task.request.target.service is Service.FACTORY
    with pytest.raises(UnknownModule, match=r"No hay ningún comando /resumi\. Prueba: /resumir"):
        commands.read("/resumi", so_far="", words=SPANISH)


def test_every_module_can_be_called_by_its_name(commands):
    for name in commands.names()[6:]:
        try:
            assert isinstance(commands.read(f"/{name} some words", so_far=""), Task)
        except SkydeckError as e:
            pytest.fail(f"/{name}: {e}")


@pytest.mark.parametrize("value", ["--5", "nan", "9" * 6_000, "+-1", "1e3", "٣", "\ud800", "\0"])
def test_a_number_that_is_none_is_an_error_in_words(commands, value):
    for line in (f"/title words={value} some text", f"/keywords count={value} some text"):
        with contextlib.suppress(BadInput):
            assert commands.read(line, so_far="")
    with pytest.raises(BadInput, match="iterations"):
        commands.read(f"/build iterations={value} some text", so_far="")
