"""What fifteen hundred sentences ask for, or that they ask for nothing."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.actions.cues import points_at_text
from bot.actions.option_words import options_in
from bot.actions.plain_words import joined, tokens_of
from bot.actions.reading import read
from bot.actions.references import Points
from tests.unit.bot.actions.asking import OFFERED, asks_for_nothing

SENTENCES = tomllib.loads(Path(__file__).with_name("sentences.toml").read_text("utf-8"))


def wrong(language: str) -> Iterator[tuple[str, str, list[str]]]:
    for wanted, sentences in SENTENCES[language].items():
        for one in sentences:
            reading = read(one, OFFERED, names=["Alfred"])
            found = [wish.action.module for wish in reading.wishes]
            if found != ([] if wanted == "TALK" else [wanted]):
                yield one, wanted, found


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_sentence_asks_for_its_module_or_for_nothing(language: str) -> None:
    assert list(wrong(language)) == []


@pytest.mark.parametrize(
    "words",
    [
        "write a function that adds two numbers in a code block",
        "build a script for it, just show me the code",
        "write me a program as a snippet",
        "escribe una función que sume dos números en un bloque de código",
        "hazme un programa, solo enséñame el código",
    ],
)
def test_code_to_read_is_no_build(words: str) -> None:
    assert asks_for_nothing(words)


@pytest.mark.parametrize(
    ("words", "points"),
    [
        ("rework my cover letter so it sounds more formal", Points.THIS),
        ("get the spelling in the attached file sorted", Points.FILE),
        ("¿me lo puedes poner en inglés?", Points.THIS),
        ("convierte las notas de arriba en un correo", Points.THIS),
    ],
)
def test_a_cue_works_on_what_is_pointed_at(words: str, points: Points) -> None:
    [wish] = read(words, OFFERED).wishes
    assert wish.reference.points is points


@pytest.mark.parametrize(
    "words", ["this film more formal", "the garden", "my spelling", "it rains"]
)
def test_no_text_is_pointed_at(words: str) -> None:
    assert not points_at_text(words)


@pytest.mark.parametrize(
    "words",
    [
        # someone else's words, however they are brought in
        "and she's like, can you proofread this for me",
        "and she was like can you translate this into French",
        "my mum went, can you explain this message to a beginner",
        "he keeps asking me can you proofread this",
        "imagine him going, please rewrite this",
        "y yo en plan, tradúceme esto al inglés",
        "va y me suelta, resúmeme esto",
        "y ella, ¿me corriges este texto?, y yo flipando",
        # what the person does themselves
        "let me say that more politely",
        "let me see if there are typos in this",
        "déjame que te dé los puntos principales de esto",
        "déjame revisar la ortografía de esto",
        # an order that only says what would come of it
        "translate that and you'll see what I mean",
        "explain that message to my mum and she'll cry",
        "traduce eso y verás qué risa",
        # what has no words
        "translate that look on your face",
        "summarize that weekend for me",
        "tradúceme esa mirada",
        # a comparison that is a remark
        "compare that with what we paid last year",
        "compara eso con lo que cobra él",
        # a question to those who are there
        "any ideas for dinner or do we order in",
        "¿alguna idea para cenar o pedimos algo?",
        # one who was away asks on about something else
        "what did I miss? did he score?",
        "what have I missed, is the pizza here yet",
        "¿qué me he perdido, está ya la cena?",
        "ponme al día, ¿qué tal con Laura?",
        # an afterthought names what has no words
        "is that positive or negative, the test I mean",
        # said to somebody else
        "Sarah, summarise this for the boss, will you",
        "tom could you translate this for grandma",
        "proofread this for me, darling",
        "hey Siri, translate good morning into French",
        "Nerea, corrige eso",
        "mamá, ¿me corriges este texto?",
        # in somebody's words, whoever it is
        "the boss wrote: summarise this in one page",
        "y va el profe y suelta: corregid este texto",
        "she wrote can you make this more formal right across my poem",
        # only supposed
        "suppose you had to translate this, how would you start",
        "si tuvieras que resumir esto, ¿por dónde empezarías?",
        # what people will do at another time
        "can you explain this message to the kids later",
        "¿me traduces esta carta cuando vuelvas?",
        # aloud to themselves
        "we need ideas for lunch but it'll be soup again",
        "escribe un correo y ya verás lo que tardan",
        # what is no text, and no program
        "corrige la postura, que te vas a hacer daño",
        "haz un programa de radio",
        "which languages can you translate into",
        # what is past, or the person's own doing
        "Alfred proofread my letter yesterday",
        "I'm going to rewrite the whole chapter tonight",
        "should I translate my CV?",
        "we could do with a title like that in our club",
        "it's nice of them, all that you can translate this into",
        # to solve, not to classify
        "sort it out between you two",
    ],
)
def test_what_only_has_the_form_of_a_request_is_talk(words: str) -> None:
    assert asks_for_nothing(words)


@pytest.mark.parametrize(
    ("words", "module"),
    [
        ("I don't know what it's like, can you explain this message to a beginner", "EXPLAINER"),
        ("this is what I wrote, could you proofread it?", "PROOFREADER"),
        ("she keeps asking me about the contract, can you summarise it?", "SUMMARIZER"),
        ("let me know if there are typos in this", "PROOFREADER"),
        ("let me have a summary of the thread", "SUMMARIZER"),
        ("let me see the main points of this article", "SUMMARIZER"),
        ("déjame ver los puntos principales del artículo", "SUMMARIZER"),
        ("déjalo más formal", "REWRITER"),
        ("compare that to my old report", "COMPARER"),
        ("can you compare that to my old phone", "COMPARER"),
        ("summarise this and you'll get a cookie", "SUMMARIZER"),
        ("summarise the match report", "SUMMARIZER"),
        ("write an email saying open the file and you'll find the numbers", "EMAIL_WRITER"),
        ("build a game where you click and you lose", "BUILD"),
        ("¿alguna idea para un regalo?", "BRAINSTORMER"),
        ("can you give us ideas for a present or should I ask Ana", "BRAINSTORMER"),
        ("make a to-do list out of what we've agreed on", "ACTION_ITEMS"),
        ("what did I miss? anything important?", "SUMMARIZER"),
        ("what did I miss? what were you talking about?", "SUMMARIZER"),
        ("¿qué me he perdido?, ¿me haces un resumen?", "SUMMARIZER"),
        ("ponme al día, ¿qué habéis dicho?", "SUMMARIZER"),
        ("is that positive or negative, the message above I mean", "SENTIMENT"),
        ("sort these messages into urgent and not urgent", "CLASSIFIER"),
        ("Resume, por favor, este texto", "SUMMARIZER"),
        ("that chat was long, sum it up", "SUMMARIZER"),
        ("my aunt only speaks Polish can you put this in Polish", "TRANSLATOR"),
        ("be a dear and proofread this", "PROOFREADER"),
        ("I'd be so grateful for a short summary of this report", "SUMMARIZER"),
        ("this story needs a title", "TITLER"),
        (
            "if I send it like this she will never ever speak to me again, make it friendlier",
            "REWRITER",
        ),
        ("list who promised to do what", "ACTION_ITEMS"),
        ("I'm swamped, could you write an email to the bank", "EMAIL_WRITER"),
        ("turn these scraps into a polite email", "EMAIL_WRITER"),
        ("put this into words I can follow", "SIMPLIFIER"),
        ("I just want the names in this letter", "EXTRACTOR"),
        ("le falta un título a mi cuento", "TITLER"),
        ("sé buena y corrígeme este texto", "PROOFREADER"),
        ("¿será que me puedes pasar esto al inglés?", "TRANSLATOR"),
        ("write an email to Ana, Tom, and Luis about the trip", "EMAIL_WRITER"),
        ("summarise what we said tonight", "SUMMARIZER"),
        ("translate this when you can", "TRANSLATOR"),
        ("bullet points of everything Ben said, please", "SUMMARIZER"),
        ("a catchy title for this article", "TITLER"),
        ("explain gravity like I'm six", "EXPLAINER"),
        ("¿me armás una app para llevar las cuentas?", "BUILD"),
    ],
)
def test_what_looks_like_talk_and_asks(words: str, module: str) -> None:
    assert [wish.action.module for wish in read(words, OFFERED).wishes] == [module]


@pytest.mark.parametrize(
    ("words", "sender"),
    [
        ("write an email from these notes and sign it Mary Ann", "Mary Ann"),
        ("escribe un correo con estas notas, firmado Íñigo", "Íñigo"),
        ("write a friendly email from these notes", None),
    ],
)
def test_an_email_from_notes_works_on_them(words: str, sender: str | None) -> None:
    [wish] = read(words, OFFERED).wishes
    assert (wish.reference.points, wish.params.get("sender")) == (Points.THIS, sender)


def test_a_misheard_name_calls_nobody_else() -> None:
    wishes = read("Alfredo, resume lo que hemos dicho", OFFERED, names=["Alfred"]).wishes
    assert [wish.action.module for wish in wishes] == ["SUMMARIZER"]


@pytest.mark.parametrize(
    "words",
    [
        "right alfred what's the gist of this then",
        "two hundred pages, Alfred, sum this up",
        "she said translate it. Alfred, summarise this",
        "wey Alfred resume esto",
    ],
)
def test_a_request_may_begin_after_a_call(words: str) -> None:
    wishes = read(words, OFFERED, names=["Alfred"]).wishes
    assert [wish.action.module for wish in wishes] == ["SUMMARIZER"]


@pytest.mark.parametrize(
    ("words", "to"),
    [
        ("translate this to French, no wait, Italian", "Italian"),
        ("tradúcelo al francés, digo, al catalán", "Catalan"),
        ("translate this to French and to Italian", None),
    ],
)
def test_a_corrected_language_is_the_last(words: str, to: str | None) -> None:
    [wish] = read(words, OFFERED).wishes
    assert wish.params.get("to") == to


def test_what_can_be_done_is_only_asked_about() -> None:
    assert asks_for_nothing("Alfred, which languages can you translate?")


@pytest.mark.parametrize(
    ("words", "module", "params"),
    [
        ("catch Kira up in like two sentences", "SUMMARIZER", {"length": "short"}),
        ("lo de ayer en viñetas, en cuatro frases", "SUMMARIZER", {"length": "short"}),
        ("this is all in Portuguese, make it english", "TRANSLATOR", {"to": "English"}),
        ("es todo en ruso, tradúcelo", "TRANSLATOR", {"to": None}),
        ("say it in a bolder way", "REWRITER", {"tone": "confident"}),
        ("dale un tono más serio, es para la directora", "REWRITER", {"tone": "formal"}),
        ("hit us with half a dozen plot twists", "BRAINSTORMER", {"count": 6}),
        ("ideas for two sisters who run a bakery", "BRAINSTORMER", {"count": None}),
        ("a skeleton for the handbook with six chapters", "OUTLINER", {"sections": 6}),
        (
            "is that ticket a bug, a feature request or a rant? pick one",
            "CLASSIFIER",
            {"labels": ["bug", "feature request", "rant"]},
        ),
    ],
)
def test_what_words_say_about_an_option(words: str, module: str, params: dict[str, Any]) -> None:
    schema = next(one.params for one in OFFERED if one.module == module)
    found = options_in(joined(tokens_of(words)), schema, words)
    assert {name: found.get(name) for name in params} == params
