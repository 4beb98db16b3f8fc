"""Whether to do what somebody has asked for: who is asked, when, and whose yes counts."""

import pytest

from bot.spoken_commands import CommandKind
from bot.voice_agent.events import (
    Attention,
    ConfirmationNeeded,
    PerformCommands,
    Remember,
    SendRequest,
    Stage,
)
from bot.voice_agent.options import DEFAULT_OPTIONS, VoiceAgentOptions
from bot.voice_agent.options.commands import CommandOptions
from tests.fakes.talk import Talk, only

ANA, BEN = 1, 2
WINDOW_S = DEFAULT_OPTIONS.commands.confirmed_within_s
FOLLOW_UP_S = DEFAULT_OPTIONS.follow_up.window_s
QUESTION = "Shall I build this?"


def among(*names: str, **knobs: bool) -> Talk:
    talk = Talk(options=VoiceAgentOptions(commands=CommandOptions(**knobs)))
    talk.manager.performs = frozenset(CommandKind)
    talk.people(*names)
    return talk


def wanted(talk: Talk, user: int = ANA, language: str = "en") -> list:
    return talk.tell(ConfirmationNeeded(user, language, talk.now))


def asks(talk: Talk, packets: int = 20) -> Talk:
    """The question is heard to its end."""
    [order] = only(wanted(talk), PerformCommands)
    assert order.match.kinds == (CommandKind.CONFIRM,)
    talk.spoke(QUESTION, packets=packets)
    talk.answered()
    talk.play()
    return talk


def performed(commands: list) -> list[CommandKind]:
    return [kind for one in only(commands, PerformCommands) for kind in one.match.kinds]


def test_it_is_asked_at_once_where_nobody_speaks() -> None:
    talk = among("Ana")
    [order] = only(wanted(talk, language="es"), PerformCommands)
    assert (order.user_id, order.language, order.transcript) == (ANA, "es", "")
    talk.spoke(QUESTION, packets=10)
    talk.answered()
    assert not only(talk.play(), Remember)
    [turn] = talk.shown
    assert (talk.end_of(turn).stage, talk.end_of(turn).reply) == (Stage.DONE, QUESTION)


YES = ["Yes.", "Ok.", "Go ahead.", "Sí.", "Adelante.", "Alfred, yes.", "Ok, Alfred."]
NO = ["No.", "Never mind.", "Stop.", "Cancel it.", "No, gracias.", "Alfred, never mind."]


@pytest.mark.parametrize("people", [("Ana",), ("Ana", "Ben")])
@pytest.mark.parametrize(
    ("words", "kind"),
    [*((one, CommandKind.YES) for one in YES), *((one, CommandKind.NO) for one in NO)],
)
def test_the_person_answers(people: tuple[str, ...], words: str, kind: CommandKind) -> None:
    talk = asks(among(*people))
    assert performed(talk.says(ANA, words)) == [kind]
    talk.spoke("All right.", packets=5)
    talk.answered()
    talk.play()
    assert kind not in performed(talk.says(ANA, words)), "it is answered once"


@pytest.mark.parametrize("words", ["Yes.", "Never mind."])
def test_an_answer_over_the_question_counts(words: str) -> None:
    talk = among("Ana", "Ben")
    wanted(talk)
    talk.spoke(QUESTION, packets=100)
    talk.answered()
    talk.play(20)
    talk.say(ANA, 0.4)
    kind = CommandKind.YES if words == "Yes." else CommandKind.NO
    assert performed(talk.heard(words) + talk.wait(1.0)) == [kind]


@pytest.mark.parametrize("words", ["Yes.", "Alfred, yes.", "Go ahead, Alfred."])
def test_somebody_else_answers_nothing(words: str) -> None:
    talk = asks(among("Ana", "Ben"))
    assert not performed(talk.says(BEN, words))


@pytest.mark.parametrize("words", [QUESTION, "Yes, and what is the moon?", "Did she say yes?"])
def test_other_words_are_no_answer(words: str) -> None:
    """Such as the assistant's own, out of a loudspeaker."""
    talk = asks(among("Ana"))
    assert not performed(talk.says(ANA, words))
    assert not performed(talk.says(ANA, "Yes.")), "it was taken back"


def test_a_yes_after_the_window_is_talk() -> None:
    talk = asks(among("Ana"))
    talk.wait(WINDOW_S + 1.0)
    commands = talk.says(ANA, "Yes.")
    assert not performed(commands)
    assert only(commands, SendRequest)


def test_a_yes_among_others_needs_the_name_once_the_follow_up_is_over() -> None:
    talk = asks(among("Ana", "Ben"))
    talk.wait(FOLLOW_UP_S + 1.0)
    assert not performed(talk.says(ANA, "Yes."))
    assert performed(talk.says(ANA, "Alfred, yes.")) == [CommandKind.YES]


def test_a_yes_after_somebody_elses_words_needs_the_name() -> None:
    talk = asks(among("Ana", "Ben"))
    talk.says(BEN, "Do you want some tea?")
    assert not performed(talk.says(ANA, "Yes."))
    assert talk.end_of(max(talk.shown)).stage is Stage.NOT_FOR_US, "nor does Penny answer it"
    assert performed(talk.says(ANA, "Alfred, yes.")) == [CommandKind.YES]


def test_a_yes_while_somebody_else_speaks_needs_the_name() -> None:
    talk = among("Ana", "Ben")
    wanted(talk)
    talk.begin(BEN)
    talk.spoke(QUESTION, packets=20)
    talk.answered()
    talk.play()
    assert not performed(talk.says(ANA, "Yes."))


@pytest.mark.parametrize("attention", [Attention.AUTO, Attention.ALWAYS])
def test_a_yes_after_what_somebody_else_wrote_needs_the_name(attention: Attention) -> None:
    """It may answer what the assistant has asked them."""
    talk = among("Ana", "Ben")
    talk.attend(attention)
    asks(talk)
    talk.write(BEN, "What is the moon?")
    talk.spoke("A rock. Shall I go on?", packets=10)
    talk.answered()
    talk.play()
    assert not performed(talk.says(ANA, "Yes."))
    assert performed(talk.says(ANA, "Alfred, yes.")) == [CommandKind.YES]


@pytest.mark.parametrize("attention", [Attention.AUTO, Attention.ALWAYS])
@pytest.mark.parametrize(
    ("name", "words"),
    [("Alfredo", "Yes, Alfredo."), ("Alfredo", "Alfredo, yes."), ("Alfred", "Alfred, yes.")],
)
def test_a_yes_to_a_person_who_is_called_like_it_is_no_answer(
    attention: Attention, name: str, words: str
) -> None:
    talk = among("Ana", name)
    talk.attend(attention)
    asks(talk)
    assert not performed(talk.says(ANA, words))


def test_nobody_is_asked_while_somebody_speaks() -> None:
    talk = among("Ana", "Ben")
    talk.begin(BEN)
    assert not performed(wanted(talk))
    clip = talk.clip(BEN, 1.0)
    talk.pause(clip)
    commands = talk.end(clip) + talk.heard("Nice day.") + talk.answered()
    assert performed(commands) == [CommandKind.CONFIRM]


def test_nobody_is_asked_over_an_answer_so_that_a_yes_to_that_does_nothing() -> None:
    talk = among("Ana")
    talk.say(ANA)
    talk.answer("Tell me of the moon.", "It is a rock. Shall I go on?", packets=50)
    talk.play(10)
    assert not performed(wanted(talk))
    talk.say(ANA, 0.4)
    commands = talk.heard("Yes.") + talk.wait(1.0)
    assert CommandKind.YES not in performed(commands)


def test_who_speaks_before_they_hear_the_question_is_asked_afterwards() -> None:
    talk = among("Ana", "Ben")
    [first] = only(wanted(talk), PerformCommands)
    talk.begin(ANA)
    assert first.request_id in talk.cancelled
    clip = talk.clip(ANA, 1.0)
    talk.pause(clip)
    commands = talk.end(clip) + talk.heard("Ben, look at that.") + talk.answered()
    assert performed(commands) == [CommandKind.CONFIRM], "and what she said was not for it"


@pytest.mark.parametrize("others", [(), ("Ben",)])
def test_who_was_asked_something_else_answers_that_first(others: tuple[str, ...]) -> None:
    talk = among("Ana", *others)
    talk.says(ANA, "Alfred, forget what I said.")
    assert not performed(wanted(talk))
    talk.spoke("Shall I really forget it?", packets=10)
    talk.answered()
    assert not performed(talk.play() + talk.wait(1.0))
    assert performed(talk.says(ANA, "Yes.")) == [CommandKind.YES]
    talk.spoke("It is forgotten.", packets=10)
    talk.answered()
    assert performed(talk.play()) == [CommandKind.CONFIRM]


def test_what_waits_is_asked_once_the_question_before_it_is_too_old() -> None:
    talk = asks(among("Ana"))
    assert not performed(wanted(talk))
    assert performed(talk.wait(WINDOW_S + 1.0)) == [CommandKind.CONFIRM]


@pytest.mark.parametrize("people", [("Ana",), ("Ana", "Ben")])
def test_a_yes_before_the_question_is_heard_answers_something_else(people: tuple[str, ...]) -> None:
    talk = among(*people)
    wanted(talk)
    talk.spoke(QUESTION, packets=20)
    assert CommandKind.YES not in performed(talk.says(ANA, "Alfred, yes."))


def test_a_question_that_nobody_heard_is_not_answered() -> None:
    talk = among("Ana", "Ben")
    wanted(talk)
    talk.spoke(QUESTION, packets=20)
    talk.says(BEN, "Alfred, stop.")
    assert not performed(talk.says(ANA, "Alfred, yes."))


def test_a_question_that_was_settled_meanwhile_is_not_asked() -> None:
    talk = among("Ana")
    wanted(talk)
    commands = talk.declined()
    assert not only(commands, SendRequest)
    assert not talk.shown
    assert not performed(talk.says(ANA, "Yes."))


def test_nobody_is_asked_who_is_not_there_or_where_it_only_listens() -> None:
    talk = among("Ana")
    assert not performed(wanted(talk, BEN))
    talk.attend(Attention.LISTEN_ONLY)
    assert not performed(wanted(talk))
    talk.attend(Attention.AUTO)
    talk.begin(ANA)
    wanted(talk)
    talk.people("", "Ben")
    assert not performed(talk.wait(1.0))


def test_stop_over_somebody_elses_answer_ends_that_and_takes_the_question_back() -> None:
    talk = asks(among("Ana", "Ben"))
    talk.say(BEN)
    talk.heard("Alfred, what is the moon?")
    talk.answered()
    talk.spoke("A rock.", packets=200)
    talk.answered()
    talk.play(20)
    assert talk.loud
    talk.says(ANA, "Alfred, stop.")
    assert not talk.loud
    assert not performed(talk.says(ANA, "Alfred, yes."))


@pytest.mark.parametrize(
    ("typed", "kind"),
    [("yes", CommandKind.YES), ("never mind", CommandKind.NO), ("stop", CommandKind.NO)],
)
def test_a_typed_answer(typed: str, kind: CommandKind) -> None:
    talk = asks(among("Ana", "Ben"))
    talk.begin(BEN)
    assert performed(talk.write(ANA, typed)) == [kind]


@pytest.mark.parametrize("typed", ['"yes"', "> yes", "'go ahead'", "«sí»", "“ok”"])
def test_a_quotation_that_somebody_types_is_no_answer(typed: str) -> None:
    talk = asks(among("Ana"))
    assert not performed(talk.write(ANA, typed))


def test_who_types_before_they_hear_the_question_is_asked_afterwards() -> None:
    talk = among("Ana")
    wanted(talk)
    [asked] = only(talk.write(ANA, "what is the moon?"), SendRequest)
    talk.spoke("A rock.", packets=5, request_id=asked.request_id)
    talk.answered(asked.request_id)
    assert performed(talk.play()) == [CommandKind.CONFIRM]


def test_one_person_is_asked_aloud_and_types_the_answer_or_the_other_way_round() -> None:
    for said_by in (ANA, BEN):
        talk = among("You", "You", is_for_one=True)
        talk.attend(Attention.ALWAYS)
        wanted(talk, said_by)
        talk.spoke(QUESTION, packets=20)
        talk.answered()
        talk.play()
        commands = talk.write(BEN, "yes") if said_by == ANA else talk.says(ANA, "Yes.")
        assert performed(commands) == [CommandKind.YES]
        talk.answered()
        assert not performed(talk.write(BEN, "yes"))


def test_when_the_one_person_leaves_nothing_is_confirmed_any_more() -> None:
    talk = among("You", "You", is_for_one=True)
    asks(talk)
    talk.people()
    talk.people("You", "You")
    assert not performed(talk.write(ANA, "yes"))
