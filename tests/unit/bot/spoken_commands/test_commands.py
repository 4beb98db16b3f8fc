"""What counts as a command, spoken or written, in English and Spanish; and what does not."""

import re
import tomllib
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.languages import LANGUAGES
from bot.spoken_commands import (
    CommandKind,
    JobNoun,
    find_answer,
    find_commands,
    is_quoted,
    matching,
    words_of,
)
from bot.spoken_commands.grammar import GRAMMAR_LANGUAGES, Grammar, grammar_of

HERE = Path(__file__).parent
ORDINARY = {
    language: (HERE / f"ordinary_{language}.txt").read_text("utf-8").splitlines()
    for language in GRAMMAR_LANGUAGES
}
COMMANDS = tomllib.loads((HERE / "commands.toml").read_text("utf-8"))
CASES = [(said, kinds) for kinds, phrases in COMMANDS.items() for said in phrases]


def kinds_of(said: str) -> str:
    found = find_commands(words_of(said))
    return "" if found is None else " ".join(found.kinds)


@pytest.mark.parametrize(("said", "kinds"), CASES)
def test_a_command(said: str, kinds: str) -> None:
    assert kinds_of(said) == kinds


@pytest.mark.parametrize("language", GRAMMAR_LANGUAGES)
def test_ordinary_talk_is_at_most_once_in_200_a_command(language: str) -> None:
    assert len(set(ORDINARY[language])) >= 200
    taken = [said for said in ORDINARY[language] if kinds_of(said)]
    assert len(taken) <= len(ORDINARY[language]) // 200, taken


BEFORE = [
    "she said", "my brother wants me to", "how do I", "why did he say", "the teacher wrote",
    "tell Anna to", "dijo que", "mi hermano quiere que", "cómo se dice", "la profesora escribió",
    "dile a Ana que", "por qué dijo",
]  # fmt: skip
AFTER = [
    "said the teacher", "is what she wrote", "in the second chapter", "when you are in Rome",
    "he shouted", "the neighbour's music", "dijo la profesora", "es lo que escribió",
    "en el segundo capítulo", "cuando llegues a Roma", "gritó mi vecino",
]  # fmt: skip


@given(st.sampled_from(CASES), st.sampled_from(BEFORE))
def test_words_before_it_make_it_talk(case: tuple[str, str], before: str) -> None:
    assert kinds_of(f"{before} {case[0]}") == ""


@given(st.sampled_from(CASES), st.sampled_from(AFTER))
def test_words_after_it_make_it_talk(case: tuple[str, str], after: str) -> None:
    assert kinds_of(f"{case[0]} {after}") == ""


def test_politeness_around_what_is_said_again_and_again() -> None:
    assert kinds_of("Please " + "shut up, " * 5 + "please") == "stop"
    assert kinds_of("para para para para para para para por favor") == "stop"


@given(
    st.sampled_from([case for case in CASES if case[0] not in ("Again.", "otra vez")]),
    st.sampled_from(["please", "ok", "hey", "um", "por favor", "oye", "vale"]),
    st.sampled_from(["", "please", "now", "por favor", "ya", "gracias", "thanks"]),
    st.sampled_from([str.upper, str.lower, str.title]),
)
def test_politeness_and_case_change_nothing(case, before, after, in_case) -> None:
    said, kinds = case
    found = find_commands(words_of(said))
    assert found is not None
    language = found.language or "en"
    if before in grammar_words(language) and (not after or after in grammar_words(language)):
        assert kinds_of(in_case(f"{before} {said} {after}")) == kinds


def grammar_words(language: str) -> set[str]:
    if language == "en":
        return {"please", "ok", "hey", "um", "now", "thanks"}
    return {"por favor", "ok", "oye", "vale", "ya", "gracias"}


@pytest.mark.parametrize("language", GRAMMAR_LANGUAGES)
@pytest.mark.parametrize("place", ["before", "after"])
def test_politeness_is_read_in_one_way(language: str, place: str) -> None:
    """A phrase made of two others doubles the ways to read a row of them, each time."""
    file = resources.files("bot.spoken_commands").joinpath(f"{language}.toml")
    phrases = {one for one in tomllib.loads(file.read_text("utf-8"))[place] if one[-1] not in ")]"}
    parts = [(phrase, phrase.split()) for phrase in phrases]
    assert not [
        phrase
        for phrase, words in parts
        for at in range(1, len(words))
        if {" ".join(words[:at]), " ".join(words[at:])} <= phrases
    ]


@pytest.mark.parametrize(
    ("said", "job"),
    [
        ("cancel the build", JobNoun.BUILD), ("how is my translation going", JobNoun.TRANSLATION),
        ("stop summarizing that", JobNoun.SUMMARY), ("cancel my last job", None),
        ("cancela el resumen", JobNoun.SUMMARY), ("¿cómo va la construcción?", JobNoun.BUILD),
        ("cancela mi último encargo", JobNoun.BUILD), ("¿cómo va mi encargo?", JobNoun.BUILD),
        ("cancela mi último trabajo", None), ("say it again and cancel the build", None),
    ],
)  # fmt: skip
def test_which_job_is_meant(said: str, job: JobNoun | None) -> None:
    found = find_commands(words_of(said))
    assert found is not None
    assert found.commands[0].job is job


ALTERNATIVES = re.compile(r"[\[(]([^\[\]()]*)[\])]")


def expanded(template: str) -> list[str]:
    """What a template stands for: with the first of all alternatives, the last, and no options."""
    found = []
    for at, with_options in ((0, True), (-1, True), (0, False)):
        said = template.replace("<language>", "klingon")
        while group := ALTERNATIVES.search(said):
            is_left_out = group[0][0] == "[" and not with_options
            chosen = "" if is_left_out else group[1].split("|")[at]
            said = said[: group.start()] + chosen + said[group.end() :]
        found.append(said.replace("klingon", "German"))
    return found


@pytest.mark.parametrize("language", GRAMMAR_LANGUAGES)
def test_every_phrase_is_a_command_of_its_kind(language: str) -> None:
    file = resources.files("bot.spoken_commands").joinpath(f"{language}.toml")
    table = tomllib.loads(file.read_text("utf-8"))
    for kind, templates in table["commands"].items():
        for said in (one for template in templates for one in expanded(template)):
            found = find_commands(words_of(said))
            assert found is not None, said
            assert {*found.kinds} & {*kind.split("+")}, said
    for templates in table["answers"].values():
        for said in (one for template in templates for one in expanded(template)):
            assert find_answer(words_of(said)) is not None, said


def test_talk_compiles_no_phrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is most of what people say, and takes a sixth of a second that `skydeck ask` waits."""
    monkeypatch.setattr(matching, "grammar_of", Grammar)
    compiled: list[str] = []
    monkeypatch.setattr(Grammar, "_around", lambda _, phrases, __: compiled.append(phrases))
    assert kinds_of("What is the capital of France?") == ""
    assert compiled == []


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    find_commands(words_of(text))
    find_answer(words_of(text))
    is_quoted(text)


@pytest.mark.parametrize("flood", ["stop ", "please ", "say it again ", "para y ", "in ", "no "])
def test_a_flood_is_read_in_no_time(flood: str) -> None:
    find_commands(words_of(flood * 10_000))
    find_commands(words_of(flood * 7))


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_of_the_table_can_be_asked_for(code: str) -> None:
    for language, template in (("en", "in {}"), ("es", "en {}")):
        names = [name for name, of in grammar_of(language).languages.items() if of == code]
        assert len(names) >= 2
        for name in names:
            found = find_commands(template.format(name).split())
            assert found is not None, name
            assert found.commands[0].to_language == code
            assert found.kinds == (CommandKind.LANGUAGE,)


@pytest.mark.parametrize(
    ("said", "language"),
    [("Say it again.", "en"), ("Repítelo.", "es"), ("Stop.", None), ("¿Cuánto falta?", "es")],
)
def test_the_language_of_the_words_is_known(said: str, language: str | None) -> None:
    found = find_commands(words_of(said))
    assert found is not None
    assert found.language == language


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("Yes.", "yes"), ("yes, please do", "yes"), ("Sí, claro.", "yes"), ("go ahead", "yes"),
        ("No.", "no"), ("no, don't", "no"), ("mejor no", "no"), ("Cancela.", "no"),
        ("yes and no", None), ("no way to tell", None), ("sí que llueve", None), ("", None),
    ],
)  # fmt: skip
def test_an_answer_to_its_own_question(said: str, answer: str | None) -> None:
    found = find_answer(words_of(said))
    assert (None if found is None else " ".join(found.kinds)) == answer


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("Yes.", "plain"), ("go ahead", "plain"), ("Sí, claro.", "plain"), ("Adelante.", "plain"),
        ("Ok.", "unclear"), ("of course", "unclear"), ("Vale.", "unclear"), ("Claro.", "unclear"),
        ("Yes, build it.", "build"), ("build it please", "build"),
        ("Constrúyelo.", "build"), ("Haz el encargo.", "build"),
        ("Sí, constrúyelo, por favor.", "build"), ("Yes, forget it.", "forget"),
        ("Delete it.", "forget"), ("Sí, olvídalo.", "forget"), ("Bórralo todo.", "forget"),
    ],
)  # fmt: skip
def test_what_a_yes_says(said: str, says: str) -> None:
    found = find_answer(words_of(said))
    assert found is not None
    assert [(one.kind, one.agreement) for one in found.commands] == [(CommandKind.YES, says)]


@pytest.mark.parametrize(
    "text",
    ['"cancel it"', "“stop”", "«para»", "`stop`", "> stop", "stop\nthe music", "'stop'", "/stop",
     "stop()  {", "https://stop"],
)  # fmt: skip
def test_who_quotes_commands_nothing(text: str) -> None:
    assert is_quoted(text)


@pytest.mark.parametrize("text", ["stop", "don't stop", "that's enough!", "cancel it, please 🛑"])
def test_other_signs_are_no_quotation(text: str) -> None:
    assert not is_quoted(text)
