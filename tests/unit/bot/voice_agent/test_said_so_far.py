"""What was said, for a summary of it."""

from bot.voice_agent.options.actions import MAX_AGE_S, MAX_TURNS
from bot.voice_agent.said_so_far import SaidSoFar, SaidTurn

ALFRED = "Alfred"


def said() -> SaidSoFar:
    talk = SaidSoFar()
    talk.add(SaidTurn(0.0, 1, "Ana", "My cat is\ncalled Miso.", "Nice name."))
    talk.add(SaidTurn(600.0, 2, "Ben: the boss", "Mine is Tofu."))
    talk.add(SaidTurn(1_200.0, 1, "Ana", "How old?", "Three."))
    return talk


def test_it_is_told_by_name_in_order() -> None:
    assert said().lines(1_200.0, ALFRED).splitlines() == [
        "Ana: My cat is called Miso.",
        "Alfred: Nice name.",
        "Ben the boss: Mine is Tofu.",
        "Ana: How old?",
        "Alfred: Three.",
    ]


def test_the_last_minutes_or_turns() -> None:
    assert said().lines(1_200.0, ALFRED, minutes=10).startswith("Ben the boss")
    assert said().lines(1_200.0, ALFRED, turns=1) == "Ana: How old?\nAlfred: Three."
    assert said().lines(MAX_AGE_S + 601.0, ALFRED) == "Ana: How old?\nAlfred: Three."


def test_who_withdraws_takes_their_words_along() -> None:
    talk = said()
    talk.result = "Ana has a cat called Miso."
    talk.forget(1)
    assert talk.lines(1_200.0, ALFRED) == "Ben the boss: Mine is Tofu."
    assert talk.last_answer() == ""
    talk.clear()
    assert talk.lines(1_200.0, ALFRED) == ""


def test_the_last_answer_is_what_was_said_or_made_last() -> None:
    talk = said()
    assert talk.last_answer() == "Three."
    talk.result = "A summary."
    assert talk.last_answer() == "A summary."
    talk.add(SaidTurn(1_300.0, 1, "Ana", "Thanks.", "Welcome."))
    assert talk.last_answer() == "Welcome."


def test_it_is_bounded() -> None:
    talk = SaidSoFar()
    for number in range(MAX_TURNS + 1):
        talk.add(SaidTurn(float(number), 1, "Ana", "x" * 10_000))
    assert len(talk.lines(0.0, ALFRED).splitlines()) == MAX_TURNS
    assert len(talk.lines(0.0, ALFRED)) < MAX_TURNS * 4_100
