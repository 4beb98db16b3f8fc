"""The history contains only the words that were played."""

from hypothesis import given
from hypothesis import strategies as st

from bot.voice_agent.playback_transcript import Piece, played_text

TWO = [Piece(50, "The moon is far away."), Piece(100, "It is four hundred thousand kilometres.")]
TEXT = "The moon is far away. It is four hundred thousand kilometres."


def test_nothing_was_played():
    assert played_text(TWO, 0, text=TEXT, is_complete=True) == ""
    assert played_text([], 10, text=TEXT, is_complete=True) == ""


def test_all_of_it_was_played():
    assert played_text(TWO, 150, text=TEXT, is_complete=True) == TEXT
    assert played_text(TWO, 150, text="", is_complete=True) == TEXT


def test_a_word_counts_when_it_was_played_to_its_end():
    assert played_text(TWO, 50, text=TEXT, is_complete=False) == "The moon is far away."
    assert played_text(TWO, 20, text=TEXT, is_complete=False) == "The moon"
    assert (
        played_text(TWO, 100, text=TEXT, is_complete=True)
        == "The moon is far away. It is four hundred"
    )


def test_a_piece_without_words_continues_the_one_before():
    parts = [TWO[0], Piece(40, TWO[1].text), Piece(60, "")]
    for played in range(0, 151, 10):
        whole = played_text(TWO, played, text=TEXT, is_complete=False)
        assert played_text(parts, played, text=TEXT, is_complete=False) == whole


def test_a_service_that_does_not_tell_its_words():
    pieces = [Piece(75, ""), Piece(75, "")]
    assert played_text(pieces, 75, text=TEXT, is_complete=True) == "The moon is far away. It is"
    # while the length of the answer is unknown: at the usual rate of speech
    assert played_text(pieces, 75, text=TEXT, is_complete=False) == "The moon is far away."


def test_a_script_without_spaces_is_cut_between_signs():
    assert (
        played_text([Piece(100, "月はとても遠いです")], 50, text="", is_complete=False)
        == "月はとて"
    )


pieces_of_words = st.lists(
    st.builds(
        Piece,
        st.integers(1, 200),
        st.lists(st.sampled_from(["ab", "cde", "f", "ghij"]), min_size=1, max_size=9).map(" ".join),
    ),
    max_size=6,
)


@given(pieces_of_words, st.integers(0, 1300), st.integers(0, 1300), st.booleans())
def test_it_is_always_the_beginning_and_only_grows(pieces, one, other, is_complete):
    text = " ".join(piece.text for piece in pieces)
    earlier, later = (
        played_text(pieces, played, text=text, is_complete=is_complete).split()
        for played in sorted((one, other))
    )
    assert later[: len(earlier)] == earlier
    assert text.split()[: len(later)] == later


@given(
    st.lists(st.builds(Piece, st.integers(0, 50), st.text(max_size=30))),
    st.integers(0, 99),
    st.text(),
)
def test_any_text_can_be_cut(pieces, played, text):
    played_text(pieces, played, text=text, is_complete=False)
