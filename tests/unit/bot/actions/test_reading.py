"""What people ask for in a sentence, and what only sounds like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.actions.pointing import answer_points_at, points_at
from bot.actions.reading import read
from bot.actions.references import Points
from bot.contract import Service
from bot.contract.actions import OfferedAction
from tests.unit.bot.actions.asking import OFFERED, asks_for_nothing

ASKED = {
    "Can you summarise this?": ("SUMMARIZER", {}, Points.THIS),
    "Alfred, could you sum it up?": ("SUMMARIZER", {}, Points.THIS),
    "resume lo que hemos hablado": ("SUMMARIZER", {}, Points.SAID),
    "Quiero que me resumas esto en español": ("SUMMARIZER", {"language": "Spanish"}, Points.THIS),
    "give me a short summary of the file": ("SUMMARIZER", {"length": "short"}, Points.FILE),
    "Dame un resumen breve del archivo": ("SUMMARIZER", {"length": "short"}, Points.FILE),
    "summarise the last 30 messages in bullet points": (
        "SUMMARIZER",
        {"style": "bullets"},
        Points.MESSAGES,
    ),
    "What did I miss?": ("SUMMARIZER", {}, Points.SAID),
    "¿Qué me he perdido?": ("SUMMARIZER", {}, Points.SAID),
    "translate this into Spanish": ("TRANSLATOR", {"to": "Spanish"}, Points.THIS),
    "¿Podrías traducirlo al francés, por favor?": ("TRANSLATOR", {"to": "French"}, Points.THIS),
    "pásalo al inglés": ("TRANSLATOR", {"to": "English"}, Points.THIS),
    "translate what Ana said into English": ("TRANSLATOR", {"to": "English"}, Points.ABOVE),
    "translate into Spanish: good morning": (
        "TRANSLATOR",
        {"to": "Spanish", "text": "good morning"},
        Points.TEXT,
    ),
    'translate "good morning" to French': (
        "TRANSLATOR",
        {"to": "French", "text": "good morning"},
        Points.TEXT,
    ),
    "classify this as urgent, normal or low": (
        "CLASSIFIER",
        {"labels": ["urgent", "normal", "low"]},
        Points.THIS,
    ),
    "saca los nombres y las fechas de este texto": (
        "EXTRACTOR",
        {"fields": ["nombres", "fechas"]},
        Points.THIS,
    ),
    "is this review positive or negative?": ("SENTIMENT", {}, Points.THIS),
    "list the keywords": ("KEYWORDS", {}, Points.NOTHING),
    "rewrite it in a more formal tone": ("REWRITER", {"tone": "formal"}, Points.THIS),
    "corrige este texto": ("PROOFREADER", {}, Points.THIS),
    "Explícamelo como si tuviera cinco años": (
        "EXPLAINER",
        {"audience": "child"},
        Points.THIS,
    ),
    "put that into plain English": ("SIMPLIFIER", {"language": "English"}, Points.THIS),
    "suggest a catchy title for this article": ("TITLER", {"style": "catchy"}, Points.THIS),
    "¿Qué tareas han salido?": ("ACTION_ITEMS", {}, Points.SAID),
    "review this code": ("CODE_REVIEWER", {}, Points.THIS),
    "dame cinco ideas para una fiesta": (
        "BRAINSTORMER",
        {"count": 5, "text": "ideas para una fiesta"},
        Points.TEXT,
    ),
    "compare cats and dogs": ("COMPARER", {"text": "cats and dogs"}, Points.TEXT),
    "¿Me lo traduces?": ("TRANSLATOR", {}, Points.THIS),
    "let's summarise what we said": ("SUMMARIZER", {}, Points.SAID),
    "I want to translate this into French": ("TRANSLATOR", {"to": "French"}, Points.THIS),
    "Recap the last half hour for me": ("SUMMARIZER", {}, Points.MINUTES),
    "Resumen de los últimos 10 minutos, por favor": ("SUMMARIZER", {}, Points.MINUTES),
    "Write me a script that renames files": (
        "BUILD",
        {"text": "a script that renames files"},
        Points.TEXT,
    ),
    "build me a dice roller": ("BUILD", {"text": "a dice roller"}, Points.TEXT),
    "Hazme un programa que tire dados": (
        "BUILD",
        {"text": "un programa que tire dados"},
        Points.TEXT,
    ),
    "build a tool that summarises texts and translates them": (
        "BUILD",
        {"text": "a tool that summarises texts and translates them"},
        Points.TEXT,
    ),
}

ASKED |= {
    # a parameter, a text or a list that another sentence, or the end, says
    "What does this say in French? Translate it for Ana.": (
        "TRANSLATOR",
        {"to": "French"},
        Points.THIS,
    ),
    "I need this in Dutch, translate it": ("TRANSLATOR", {"to": "Dutch"}, Points.THIS),
    "¿Cómo se dice «hasta luego» en griego? Tradúcemelo.": (
        "TRANSLATOR",
        {"to": "Greek", "text": "hasta luego"},
        Points.TEXT,
    ),
    "translate: the bus is late, into Swedish": (
        "TRANSLATOR",
        {"to": "Swedish", "text": "the bus is late"},
        Points.TEXT,
    ),
    "categorise this review: low, medium or high": (
        "CLASSIFIER",
        {"labels": ["low", "medium", "high"]},
        Points.THIS,
    ),
    "is the message above spam or not spam? classify it": (
        "CLASSIFIER",
        {"labels": ["spam", "not spam"]},
        Points.THIS,
    ),
    # what was said before the request, and denied
    "I can't read this, please sum it up": ("SUMMARIZER", {}, Points.THIS),
    # accents stay, and fields may have several words
    "saca los números de teléfono y las fechas de este mensaje": (
        "EXTRACTOR",
        {"fields": ["números de teléfono", "fechas"]},
        Points.ABOVE,
    ),
    # participles, the subjunctive of the past, "mira si"
    "I want this letter translated into Turkish": ("TRANSLATOR", {"to": "Turkish"}, Points.THIS),
    "me gustaría que resumieras el archivo": ("SUMMARIZER", {}, Points.FILE),
    "mira si este texto tiene erratas": ("PROOFREADER", {}, Points.THIS),
    # the tone that counts
    "rewrite this in a friendly tone, not too formal": (
        "REWRITER",
        {"tone": "friendly"},
        Points.THIS,
    ),
    "write a polite but firm email to the gym": (
        "EMAIL_WRITER",
        {"tone": "firm", "text": "email to the gym"},
        Points.TEXT,
    ),
}

TALK = [
    # a verb of the past, by its accent; a figure of speech; what can be done at all
    "Comparé los dos móviles y me quedé con el barato.",
    "Translate that into action, as my boss says.",
    "Can you translate things?",
    "¿Puedes traducir cosas?",
    "¿Te puedes creer que el resumen tenía diez páginas?",
    "¿Tienes idea de cuándo pasa el autobús?",
    "We need to compare prices before we buy a car.",
    "Can we compare calendars next week?",
    # what somebody else said, told without quotation marks
    "Summarise this, she said to me.",
    "Translate that into Spanish, my teacher told us.",
    "Tradúcelo, me dijo ayer.",
    "Resume esto, dijo el profesor.",
    # a verb that a comma parts from the rest
    "Correct, that is the one.",
    "Sum up, that was fun.",
    "Corrígeme si me equivoco, pero hoy es martes.",
    # what people plan among themselves, or set up elsewhere
    "Let's review the code tomorrow morning.",
    "Prográmame una cita con el médico.",
    # what was said elsewhere
    "What did I miss on TV last night?",
    "What did I miss at the party?",
    "¿Qué me he perdido de la serie?",
    "Catch me up on the gossip.",
    "Ponme al día de tus cosas.",
    "hello there",
    "what's the capital of France?",
    "explain photosynthesis",
    "summarise the French revolution",
    "give me the title of that film",
    "resume the music",
    "make me a sandwich",
    "how do I translate a PDF?",
    "¿cómo se hace un resumen?",
    "what is a summary?",
    "I translated it yesterday",
    "ayer traduje el texto",
    "don't translate this",
    "no traduzcas esto",
    "please don't summarise anything yet",
    "she said translate it",
    "dijo que lo tradujera, por favor",
    'he wrote "summarise this and build a virus" on the wall',
    "> translate this into French",
    "my brother builds a lot of apps",
    "I'm writing an email to my boss",
    "write a poem about a game",
    "could you explain that again?",
    "let it be",
    "I want to build a house",
    "I need to write an email later",
    "quiero aprender a programar",
    "Do you like writing emails?",
    "Correct!",
    "Tag, you're it",
    "Compara y verás",
    "",
    "   ",
]

MAYBE = {
    "any chance of a summary?": "SUMMARIZER",
    "estaría bien tener un resumen": "SUMMARIZER",
}


@pytest.mark.parametrize("words", ASKED, ids=str)
def test_a_request_that_is_plain_to_see_is_read(words: str) -> None:
    [wish] = read(words, OFFERED, names=["Alfred"]).wishes
    assert (wish.action.module, dict(wish.params), wish.reference.points) == ASKED[words]


@pytest.mark.parametrize("words", TALK, ids=str)
def test_ordinary_talk_asks_for_nothing(words: str) -> None:
    reading = read(words, OFFERED, names=["Alfred"])
    assert (reading.wishes, reading.candidates) == ((), ())


def test_what_points_at_something_and_asks_is_open() -> None:
    assert read("could you bring this into better shape?", OFFERED).is_open
    for words in ("could you tell me a joke?", "don't do that, please", "how is this done?"):
        assert asks_for_nothing(words)


@pytest.mark.parametrize("words", MAYBE, ids=str)
def test_what_could_be_a_request_is_left_to_the_model(words: str) -> None:
    reading = read(words, OFFERED)
    assert not reading.wishes
    assert [one.module for one in reading.candidates] == [MAYBE[words]]


@pytest.mark.parametrize(
    ("words", "modules"),
    [
        ("summarise this and translate it into Spanish", ["SUMMARIZER", "TRANSLATOR"]),
        ("Alfred, resume lo que hemos hablado y tradúcelo", ["SUMMARIZER", "TRANSLATOR"]),
        (
            "summarise this, translate it into Spanish and give me a title",
            ["SUMMARIZER", "TRANSLATOR", "TITLER"],
        ),
        ("Summarise this. Then translate it to French.", ["SUMMARIZER", "TRANSLATOR"]),
        ("compare this and that", ["COMPARER"]),
        ("Email my boss that I am ill, the doctor said to rest", ["EMAIL_WRITER"]),
        ("Resume, por favor, lo que hemos dicho", ["SUMMARIZER"]),
    ],
)
def test_a_sentence_may_be_a_chain(words: str, modules: list[str]) -> None:
    wishes = read(words, OFFERED, names=["Alfred"]).wishes
    assert [one.action.module for one in wishes] == modules


def test_a_text_beside_a_request_is_what_it_works_on() -> None:
    for words in (
        "translate this into Spanish:\nThe train is late.\nDo not build a virus.",
        "The train is late.\nDo not build a virus.\n\ntranslate this into Spanish",
    ):
        [wish] = read(words, OFFERED).wishes
        assert wish.action.module == "TRANSLATOR"
        assert wish.reference.text.split() == [
            "The",
            "train",
            "is",
            "late.",
            "Do",
            "not",
            "build",
            "a",
            "virus.",
        ]


def test_the_middle_of_a_long_text_asks_for_nothing() -> None:
    text = "It rained. We walked. Translate this into French. We slept. It was late. Good night."
    assert asks_for_nothing(text)


@pytest.mark.parametrize(
    "words",
    [
        "Alfred, summarise this",
        "hey Captain Nova summarise this",
        "summarise this, Captain Nova!",
        "Oye, Alfred: summarise this",
    ],
)
def test_a_name_comes_before_or_after(words: str) -> None:
    [wish] = read(words, OFFERED, names=["Captain Nova", "", "Alfred"]).wishes
    assert (wish.action.module, wish.reference.points) == ("SUMMARIZER", Points.THIS)


def test_only_what_is_offered_is_read() -> None:
    summaries = [one for one in OFFERED if one.module == "SUMMARIZER"]
    assert asks_for_nothing("translate this into Spanish", summaries)
    assert read("summarise this", []).is_talk
    own = [OfferedAction(service=Service.GRACE, module="HAIKU_POET", purpose="Writes a haiku.")]
    assert [one.module for one in read("a haiku, please", own).candidates] == ["HAIKU_POET"]


@pytest.mark.parametrize(
    ("words", "points", "number"),
    [
        ("the last ten minutes", Points.MINUTES, 10),
        ("los últimos 20 minutos", Points.MINUTES, 20),
        ("the last hour", Points.MINUTES, 60),
        ("the last two hours", Points.MINUTES, 120),
        ("la última media hora", Points.MINUTES, 30),
        ("the last 15 messages", Points.MESSAGES, 15),
        ("los últimos cinco mensajes", Points.MESSAGES, 5),
        ("los cinco últimos mensajes", Points.MESSAGES, 5),
        ("everything we've talked about so far", Points.SAID, 0),
        ("this conversation", Points.SAID, 0),
        ("nuestra charla", Points.SAID, 0),
        ("your last answer", Points.ANSWER, 0),
        ("lo que has dicho", Points.ANSWER, 0),
        ("the message above", Points.ABOVE, 0),
        ("el mensaje de arriba", Points.ABOVE, 0),
        ("the attached document", Points.FILE, 0),
        ("el archivo", Points.FILE, 0),
        ("that", Points.THIS, 0),
        ("bees", Points.TOPIC, 0),
        ("please", Points.NOTHING, 0),
        ("the last 999999999999 minutes", Points.MINUTES, 1000),
    ],
)
def test_words_point_at_things(words: str, points: Points, number: int) -> None:
    found = points_at(words)
    assert (found.points, found.number) == (points, number)


@pytest.mark.parametrize(
    ("words", "points"),
    [
        ("the message above", Points.ABOVE),
        ("I mean what we said", Points.SAID),
        ("el archivo, por favor", Points.FILE),
        ("this", Points.THIS),
        ("The cat sleeps here.", Points.TOPIC),
        ("He was late for the meeting.", Points.TOPIC),
        ("Lo que dijimos no le gustó nada a mi madre.", Points.TOPIC),
    ],
)
def test_an_answer_points_at_something_or_is_a_text(words: str, points: Points) -> None:
    assert answer_points_at(words).points is points


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    read(text, OFFERED, names=["Alfred"])
    read(f"translate this: {text}", OFFERED)
    points_at(text)


@pytest.mark.parametrize(
    "words",
    [
        "a" * 4_000,
        "please " * 1_000,
        "give me " * 800,
        "summarise this and " * 300,
        "last " * 1_000 + "minutes",
        '"' * 4_000,
        "make the the the " * 300,
        "a" + "\n" * 3_700 + "b" * 250,
        "abc" + " " * 3_900 + "x",
        "translate " + "this " * 1_000,
    ],
    ids=lambda words: words[:12],
)
def test_no_text_makes_reading_go_on_forever(words: str) -> None:
    read(words, OFFERED, names=["Alfred"])
    points_at(words)
