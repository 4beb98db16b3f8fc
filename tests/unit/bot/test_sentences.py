"""Where sentences end."""
# ruff: noqa: RUF001  (many scripts)

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import sentences

_TEXTS = [  # "|" marks where one sentence ends and the next begins
    # lists and numbers
    "1. Boil water. |2. Add salt. |3. Wait.",
    "1. Boil water.\n|2. Add salt.\n\n|3. Wait.",
    "a. First. |b. Second.",
    "IV. The end. |It is over.",
    "- milk\n|- eggs\n|- flour",
    "I have 3. |You have 4.",
    "I am 3. |You are 4.",
    "It was 1945. |Then peace came.",
    "Pi is 3.14 and no more. |Good!",
    "Version 2.0.1 is out. |Get it.",
    # ordinals
    "Am 3. Oktober ist frei. |Danach nicht.",
    "Der 2. Weltkrieg endete 1945. |Gut.",
    "Vom 1. bis zum 5. Mai. |Danach nicht.",
    "Le 3. siècle. |Bon.",
    # abbreviations
    "Prof. Smith is here. |He came.",
    "It takes approx. 5 days. |Then it is done.",
    "Use fruit, e.g. apples. |Eat them.",
    "Dear Mr. and Mrs. Jones, welcome! |Enjoy.",
    "See No. 5 and Fig. 3. |Then p. 7.",
    "Apples, etc. on the table. |Apples, etc. |Then plums.",
    "He works at Acme Inc. and likes it. |She works at Acme Inc. |He does not.",
    "We met at 5 p.m. on Monday. |It was 6 p.m. |We left.",
    "The U.S. Senate has 100 seats. |I live in the U.S. |It is big.",
    "Ph.D. Smith spoke. |She has a Ph.D. |He does not.",
    "La Sra. López, la Dra. Gómez y el Dr. Ruiz. |Muy bien.",
    "Hay frutas, p. ej. manzanas. |Come más.",
    "Vive en EE. UU. desde 1990. |Le gusta.",
    "Todo está muy bien. |Gracias.",
    "Dije que no. |Luego me fui.",
    "Das ist z. B. gut. |Und das d. h. besser. |Ja.",
    "Herr Prof. Dr. h.c. Müller kam. |Gut.",
    "M. Dupont est là. |Il est venu.",
    "Il sig. Rossi è qui. |È venuto.",
    "O Dr. Silva veio. |Bom.",
    "Dat is bijv. goed. |Ja.",
    "To jest np. dobre. |Tak.",
    "В 2020 г. он уехал. |Да.",
    # initials
    "J. K. Rowling wrote it. |It sold.",
    "George W. Bush won. |He left.",
    "Choose plan B. |It works.",
    # other stops
    "Wait... what? |Yes.",
    "Well… |I think so. |Yes.",
    "Is that a yes?! |Great.",
    "¿Qué tal? |¡Muy bien! |Gracias.",
    "Ο Γιάννης ήρθε; |Ναι.",
    # quotes, brackets, marks
    'He said "stop." |Then he left.',
    "“Stop!” he said. |Then he left.",
    "Ana dijo: «Voy.» |Luego se fue.",
    "Il a dit « Bonjour. » |Puis il partit.",
    "Il a dit « Bonjour ! » et partit.",
    "(He left.) |She stayed (I think!) here.",
    "**Bold.** |_It._ |Then more.",
    "**Mr.** Smith came. |Good.",
    # other scripts
    "これはペンです。|それは本です。|はい！",
    "「行くよ。」と彼は言った。|終わり。",
    "你好。|今天天气很好！|你呢？",
    "これは。|それは?|はい!|そう。",
    "他说：“你好。”|“再见。”|好",
    "**你好。**|**世界。**",
    "यह एक किताब है। |डॉ. शर्मा आए।|वे बैठे।",
    "هل أنت بخير؟ |نعم، أنا بخير.",
    "یہ کتاب ہے۔ |وہ قلم ہے۔",
    "Սա գիրք է։ |Դա գրիչ է։",
    "ይህ መጽሐፍ ነው። |ያ ብዕር ነው።",
    "ဒါက စာအုပ်ပါ။ |ဒါက ဘောပင်ပါ။",
    # addresses and names
    "See https://example.org/a.b?c=d. |It is good at example.com today.",
    "Open file.txt now. |Then a.b.c too.",
    "I like it. |iPhone is a name.",
    # lines
    "This is a long line that was wrapped by the mail\nprogram of somebody. |Yes.",
    "Title\n|\nText".replace("|\n", "\n|"),
    "Wow! |🎉 Great.",
    "i went home. |then i slept.",
]


@pytest.mark.parametrize("marked", _TEXTS)
def test_sentences(marked: str) -> None:
    assert sentences.split(marked.replace("|", "")) == marked.split("|")


@pytest.mark.parametrize("text", [marked.replace("|", "") for marked in _TEXTS])
def test_what_follows_never_changes_an_end_that_was_told(text: str) -> None:
    final = list(sentences.ends(text))
    for length in range(len(text)):
        told = list(sentences.ends(text[:length], is_complete=False))
        assert told == final[: len(told)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("He is here. ", 0),
        ("He is here. S", 1),
        ("He is here. s", 0),
        ("I live in the U.S. ", 0),
        ("I live in the U.S. The", 0),  # "Theodore"?
        ("I live in the U.S. The ", 1),
        ("よし。", 0),
        ("よし。」", 0),
        ("よし。次", 1),
    ],
)
def test_an_end_is_told_as_soon_as_it_is_sure(text: str, told: int) -> None:
    assert len(list(sentences.ends(text, is_complete=False))) == told


_PIECES = st.sampled_from(
    [
        *"aZé5 .!?…。」\"')*_`|\n।",
        "Dr",
        "e.g",
        "3",
        "U.S",
        "the",
        "The",
        "  ",
        "iPhone",
        "🎉",
        "次",
        "と",
    ]
)
_ANYTHING = st.text(max_size=80) | st.lists(_PIECES, max_size=40).map("".join)


@settings(max_examples=300, deadline=None)
@given(_ANYTHING)
def test_nothing_is_lost_and_no_sentence_is_empty(text: str) -> None:
    found = sentences.split(text)
    assert "".join(found) == text
    assert all(found)


@settings(max_examples=300, deadline=None)
@given(_ANYTHING, st.integers(0, 80))
def test_an_end_that_was_told_stays(text: str, length: int) -> None:
    final = list(sentences.ends(text))
    told = list(sentences.ends(text[:length], is_complete=False))
    assert told == final[: len(told)]


@pytest.mark.parametrize(
    "text", ["a. ", "「。", '"a. ', "a\n", "...", "1. ", "a。」と", "a!)", " \n"]
)
def test_a_hostile_text_takes_no_longer_than_any_other(text: str) -> None:
    assert "".join(sentences.split(text * 3_000)) == text * 3_000
