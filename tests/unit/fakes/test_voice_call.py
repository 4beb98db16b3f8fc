"""What counts as a word that a small recogniser has heard."""

import pytest

from tests.fakes.voice_call import has_word


@pytest.mark.parametrize(
    ("heard", "word"),
    [
        ("The capital of France is Paris.", "paris"),
        ("The capital is Perris", "paris"),
        ("it is PARRIS, of course", "paris"),
        ("In Pares!", "paris"),
        ("the capital of Frence", "france"),
        ("of Franz", "france"),
    ],
)
def test_a_word_that_sounds_like_it_is_heard(heard: str, word: str) -> None:
    assert has_word(heard, word)


@pytest.mark.parametrize(
    ("heard", "word"),
    [
        ("", "paris"),
        ("I am only talking.", "paris"),
        ("They oppress the praise of prose and purse.", "paris"),
        ("Harris, Horace and a person of the palace", "paris"),
        ("Parisian friends dance in a trance", "france"),
        ("I owe you a yew.", "eye"),
    ],
)
def test_another_word_is_not(heard: str, word: str) -> None:
    assert not has_word(heard, word)
