from collections import Counter
from pathlib import Path

import pytest

from tests.bench.quality import answers
from tests.bench.quality.judge import HALVES, is_right, plain, questions

QUESTIONS = questions(answers.QUESTIONS)


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        ("¡El corazón!", "el corazon"),
        ("**CO₂**", "co2"),
        ("Au, 79.", "au 79"),
        ("El pequeño Múnich", "el pequeno munich"),
        ("300,000 km, 300.000 km, 300 000 km, 300'000 km", "300000 km " * 3 + "300000 km"),
        ("In 1989, 3 days", "in 1989 3 days"),
        ("3.14 or 3,14", "3.14 or 3.14"),
        ("1,50 and 1,500", "1.50 and 1500"),
        ("100°C, 100ºC, 100C", "100 c 100 c 100 c"),
        ("Fifty-six isn\u2019t it", "fifty six isn t it"),
        ("Straße", "strasse"),
        ("", ""),
    ],
)
def test_what_is_left_of_a_text(text, is_plain):
    assert plain(text) == is_plain


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("The capital of Norway is Oslo.", ["Oslo"]),
        ("It is **oslo**!", ["Oslo"]),
        ("EIGHT legs", ["8", "eight"]),
        ("Tiene 8 patas.", ["8", "ocho"]),
        ("Fifty six.", ["56", "fifty-six"]),
        ("Plants take in carbon-dioxide", ["carbon dioxide"]),
        ("366.", ["366"]),
        ("No, Oslo is.", ["Oslo"]),
        ("No, es Lisboa.", ["Lisboa"]),
        ("Not Bergen, but Oslo.", ["Oslo"]),
        ("No es Madrid, es Lisboa.", ["Lisboa"]),
    ],
)
def test_right_answers(answer, accepted):
    assert is_right(answer, accepted)


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("", ["Oslo"]),
        ("Oslofjord", ["Oslo"]),
        ("It has 18 legs.", ["8"]),
        ("80", ["8"]),
        ("8.5", ["8"]),
        ("1,945 people", ["945"]),
        ("It is not Oslo.", ["Oslo"]),
        ("It isn't Oslo.", ["Oslo"]),
        ("No es Lisboa.", ["Lisboa"]),
        ("dioxide of carbon", ["carbon dioxide"]),
    ],
)
def test_wrong_answers(answer, accepted):
    assert not is_right(answer, accepted)


@pytest.mark.parametrize("form", ["{}", "It is {}.", "**{}**!", "\u00bf{}?", "Well, ({})"])
def test_every_accepted_answer_is_right_however_it_is_written(form):
    for one in QUESTIONS:
        for accepted in one.accepted:
            for written in (accepted, accepted.upper(), plain(accepted)):
                assert is_right(form.format(written), one.accepted), written


def test_each_language_has_thirty_questions_that_nothing_is_tuned_with():
    counts = Counter((one.language, one.half) for one in QUESTIONS)
    assert counts.keys() == {(language, half) for language in ("en", "es") for half in HALVES}
    assert counts["en", "unseen"] >= 30
    assert counts["es", "unseen"] >= 30


def test_no_question_is_in_both_halves():
    texts = Counter(plain(one.text) for one in QUESTIONS)
    assert [text for text, count in texts.items() if count > 1] == []


def test_no_question_holds_its_answer():
    assert [one.text for one in QUESTIONS if is_right(one.text, one.accepted)] == []


def test_a_question_without_an_answer_is_refused(tmp_path: Path):
    file = tmp_path / "questions.toml"
    file.write_text('[en]\nunseen = [["Why?"]]\n')
    with pytest.raises(ValueError, match=r"questions.toml: Why\?"):
        questions(file)
