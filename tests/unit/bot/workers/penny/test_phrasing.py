"""When to begin to speak."""
# ruff: noqa: RUF001  (many scripts)

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.workers.penny.phrasing import Phrasing


def raw(text: str, step: int = 3, language: str = "") -> list[str]:
    phrasing = Phrasing(language)
    pieces = [text[i : i + step] for i in range(0, len(text), step)]
    return [p for piece in pieces for p in phrasing.feed(piece)] + phrasing.finish()


def phrases(text: str, step: int = 3) -> list[str]:
    return [phrase.strip() for phrase in raw(text, step) if phrase.strip()]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Paris.", ["Paris."]),
        (
            "Yes, of course, it is Paris. It lies on the Seine.",
            ["Yes, of course,", "it is Paris.", "It lies on the Seine."],
        ),
        ("Dr. Smith lives here. He is in.", ["Dr. Smith lives here.", "He is in."]),
        ("Pi is 3.14 and no more. Good!", ["Pi is 3.14 and no more.", "Good!"]),
        ("¿Qué tal? Muy bien.", ["¿Qué tal?", "Muy bien."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("One:\n- first\n- second\n", ["One:", "- first", "- second"]),
        (
            "Look: ```py\nprint(1). Or\n``` That is all.",
            ["Look:", "```py\nprint(1). Or\n```", "That is all."],
        ),
        ("Look: ```py\nprint(1)", ["Look:", "```py\nprint(1)"]),
        ("", []),
        ("1. Boil water. 2. Add salt.", ["1. Boil water.", "2. Add salt."]),
        ("Am 3. Oktober ist frei. Gut.", ["Am 3. Oktober ist frei.", "Gut."]),
        (
            "Ask Prof. Smith. It takes approx. 5 days.",
            ["Ask Prof. Smith.", "It takes approx. 5 days."],
        ),
        ("La Dra. Gómez, p. ej. hoy. Sí.", ["La Dra. Gómez,", "p. ej. hoy.", "Sí."]),
        ("これはペンです。それは本です。", ["これはペンです。", "それは本です。"]),
        ("今天天气很好！你呢？好。", ["今天天气很好！", "你呢？", "好。"]),
        ("यह एक किताब है। वह कलम है।", ["यह एक किताब है।", "वह कलम है।"]),
        ("هل أنت بخير؟ نعم، أنا بخير.", ["هل أنت بخير؟", "نعم، أنا بخير."]),
        ("یہ کتاب ہے۔ وہ قلم ہے۔", ["یہ کتاب ہے۔", "وہ قلم ہے۔"]),
        (
            "See [a film. Or, yes, not](https://a.b/c). Ok.",
            ["See [a film. Or, yes, not](https://a.b/c).", "Ok."],
        ),
        ("2 + 3 - 4 = 1. Then more.", ["2 + 3 - 4 = 1.", "Then more."]),
    ],
)
def test_phrases(text: str, spoken: list[str]) -> None:
    assert phrases(text) == spoken


def test_the_first_clause_does_not_wait_for_its_sentence() -> None:
    phrasing = Phrasing()
    assert phrasing.feed("Well, in the north of France, ") == ["Well, in the north of France, "]


def test_the_first_sentence_does_not_wait_for_the_next_word() -> None:
    assert Phrasing().feed("The capital of France is Paris.") == ["The capital of France is Paris."]


@pytest.mark.parametrize(
    "text",
    [
        "Ask Dr.",
        "Pi is 3.",
        'He said "stop.',
        "See https://example.",
        "So (see above.",
        "A.",
        "Am 3.",
        "It is (",
        "See [this.",
        "Fruit, e.g.",
        "Calle Mayor, núm.",
        "Pág.",
        "As shown in Fig.",
        "Siehe Nr.",
        "It ends in Dec.",
    ],
)
def test_what_may_go_on_waits_for_the_next_word(text: str) -> None:
    assert Phrasing().feed(text) == []


@pytest.mark.parametrize(
    ("language", "text", "first"),
    [
        ("en", "The sky looks blue because the air", "The sky looks blue "),
        ("en", "It rains and it snows", ""),  # fewer words would sound torn off
        ("en", "The capital is Paris and it lies", "The capital is Paris "),
        ("en", "The song is by Simon and Garfunkel ", ""),
        ("es", "El cielo es azul porque el aire", "El cielo es azul "),
        ("es", "La obra es Romeo y Julieta ", ""),
    ],
)
def test_a_clause_also_ends_before_a_conjunction(language: str, text: str, first: str) -> None:
    assert Phrasing(language).feed(text)[:1] == ([first] if first else [])


def test_later_clauses_do_wait() -> None:
    phrasing = Phrasing()
    phrasing.feed("That is right. ")
    assert phrasing.feed("In the north of France, ") == []


def test_a_sentence_without_an_end_is_spoken_anyway() -> None:
    phrasing = Phrasing()
    spoken = phrasing.feed("word " * 200)
    assert spoken
    assert all(len(phrase) <= 221 for phrase in spoken)


@given(st.lists(st.sampled_from(["red", "green", "blue,", "sea.", "why?", "so;"]), max_size=80))
def test_words_come_out_in_order(words: list[str]) -> None:
    assert " ".join(phrases(" ".join(words))).split() == words


@pytest.mark.parametrize(
    ("text", "longest"),
    [
        ("東京は日本の首都です、" * 30, 80),
        ("日本" * 300, 80),
        ("ประเทศไทยมีเมืองหลวงคือกรุงเทพมหานคร ซึ่งเป็นเมืองที่ใหญ่ที่สุด " * 9, 80),
        ("x" * 900, 220),
        ("one, two " * 90, 220),
        ("👩‍👩‍👧" * 200, 220),
    ],
)
def test_a_text_without_stops_is_cut_anyway(text: str, longest: int) -> None:
    spoken = raw(text)
    assert "".join(spoken) == text
    assert max(map(len, spoken)) <= longest
    assert not any(phrase.startswith("\u200d") for phrase in spoken)


def test_thai_begins_at_a_clause() -> None:
    assert Phrasing().feed("เมืองหลวงของไทยคือกรุงเทพ ซึ่งใหญ่ที่สุด")[0] == "เมืองหลวงของไทยคือกรุงเทพ "


def test_a_long_code_block_is_one_phrase_that_costs_no_more_the_longer_it_grows() -> None:
    phrasing = Phrasing()
    assert phrasing.feed("```py\n") == []
    assert [phrasing.feed("x = 1. Or y\n") for _ in range(3000)] == [[]] * 3000
    assert len(phrasing.feed("```")) == 1


_PIECES = st.sampled_from(
    [
        *"aé1 .,!?…。、」\"')*_`|\n।[](-",
        "```",
        "Dr.",
        "the ",
        "and it ",
        "porque ",
        "次",
        "ไ",
        "https://a.b",
        "🎉",
    ]
)
_MARKDOWN = st.text(max_size=120) | st.lists(_PIECES, max_size=120).map("".join)


@settings(max_examples=200, deadline=None)
@given(_MARKDOWN, st.integers(1, 9), st.sampled_from(["", "en", "es"]))
def test_joined_the_phrases_are_the_text(text: str, step: int, language: str) -> None:
    found = raw(text, step, language)
    assert "".join(found) == text
    assert all(len(phrase) <= 220 or "```" in phrase for phrase in found[:-1])
