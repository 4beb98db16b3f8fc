import pytest

from bot.graphemes import is_boundary


@pytest.mark.parametrize("cluster", ["👩‍👩‍👧‍👦", "👍🏽", "🇪🇸", "é", "1️⃣", "कि", "\r\n"])
def test_a_visible_character_is_never_split(cluster):
    text = cluster * 3
    ends = [place for place in range(1, len(text)) if is_boundary(text, place)]
    assert ends == [len(cluster), 2 * len(cluster)]


def test_letters_are_characters_of_their_own():
    assert all(is_boundary("abc", place) for place in (1, 2))
