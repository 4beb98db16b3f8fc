"""A reasoning model's thoughts are told from its answer, however the text is cut."""

from itertools import combinations_with_replacement, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reasoning import ReasoningFilter


def spoken(pieces: list[str]) -> str:
    part = ReasoningFilter()
    return "".join([*map(part.feed, pieces), part.finish()])


def cut(text: str, places: list[int]) -> list[str]:
    borders = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[a:b] for a, b in pairwise(borders)]


ANSWERS = [
    ("Paris.", "Paris."),
    ("<think>Hm.</think>Paris.", "Paris."),
    ("\ufeff<think>Hm.</think>Paris.", "Paris."),
    ("\n<think>\nHm.\n</think>\n\nParis.", "Paris."),
    ("<think></think>Paris.", "Paris."),
    ("<think>and so on", ""),
    ("<thinking>Hm.</thinking>\nParis.", "Paris."),
    ("<thought>Hm.</think></thought>Paris.", "Paris."),
    ("[THINK]Hm.[/THINK]Paris.", "Paris."),
    ("<seed:think>Hm.</seed:think>Paris.", "Paris."),
    ("<|channel>thought\nHm.\n<channel|>Paris.", "Paris."),
    ("<|channel|>analysis<|message|>Hm.<|channel|>final<|message|>Paris.", "Paris."),
    ("[THIS] is", "[THIS] is"),
    ("<thin", "<thin"),
    ("<thing> is a tag", "<thing> is a tag"),
    ("Write <think> and </think>.", "Write <think> and </think>."),
    ("<think>a</think>b<think>c</think>", "b<think>c</think>"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "answer"), ANSWERS)
def test_only_the_answer_is_spoken(text: str, answer: str):
    """Cut once and twice at every place, and into equal pieces."""
    places = range(len(text) + 1)
    cuts = [[], *combinations_with_replacement(places, 2)]
    cuts += [places[::size] for size in range(1, len(text) + 1)]
    for one in cuts:
        assert spoken(cut(text, list(one))) == answer, one


@given(st.sampled_from(ANSWERS), st.lists(st.integers(0, 60), max_size=8))
def test_only_the_answer_is_spoken_wherever_it_is_cut(row: tuple[str, str], places: list[int]):
    text, answer = row
    assert spoken(cut(text, places)) == answer


@given(text=st.text(max_size=200).filter(lambda t: not t.lstrip().startswith(("<", "["))))
def test_an_answer_without_thoughts_is_untouched(text: str):
    assert spoken(list(text)) == text


def test_endless_white_space_is_not_kept():
    part = ReasoningFilter()
    passed = sum(len(part.feed(" " * 100)) for _ in range(100))
    assert passed == 10_000
    assert part.finish() == ""


def test_a_long_thought_is_not_kept():
    part = ReasoningFilter()
    part.feed("<think>")
    for _ in range(1000):
        assert part.feed("a thought, " * 10) == ""
    assert len(part._held) < 10
    assert part.feed("</think>Well.") == "Well."
