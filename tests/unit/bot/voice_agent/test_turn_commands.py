"""Commands in a spoken conversation: rules decide before the model, and whom they are for."""

import pytest

from bot.spoken_commands import CommandKind
from bot.voice_agent.events import (
    Attention,
    CancelRequest,
    PerformCommands,
    Remember,
    SendRequest,
    Stage,
)
from bot.voice_agent.options import DEFAULT_OPTIONS, VoiceAgentOptions
from bot.voice_agent.options.commands import CommandOptions
from tests.fakes.talk import Talk, only

ANA, BEN = 1, 2


def alone(**knobs) -> Talk:
    return among("Ana", **knobs)


def among(*names: str, **knobs) -> Talk:
    talk = Talk(options=VoiceAgentOptions(**knobs))
    talk.manager.performs = frozenset(CommandKind)
    talk.people(*names)
    return talk


def performed(commands) -> list[tuple[CommandKind, ...]]:
    return [one.match.kinds for one in only(commands, PerformCommands)]


def playing(talk: Talk) -> Talk:
    talk.say(ANA)
    talk.answer("What is the moon?", "It is a rock.", packets=100)
    talk.play(20)
    return talk


def test_a_command_takes_the_place_of_the_request():
    talk = alone()
    commands = talk.says(ANA, "Louder, please.")
    assert performed(commands) == [(CommandKind.LOUDER,)]
    [asked] = only(commands, SendRequest)
    assert CancelRequest(asked.request_id) in commands, "no model answers"


def test_what_there_is_to_say_is_played_and_not_remembered():
    talk = alone()
    talk.says(ANA, "How far is it?")
    talk.spoke("One minute to go.", packets=10)
    talk.answered()
    commands = talk.play()
    assert not only(commands, Remember)
    [turn] = talk.shown
    assert talk.end_of(turn).stage is Stage.DONE
    assert talk.end_of(turn).reply == "One minute to go."
    assert talk.end_of(turn).transcript == "How far is it?"


def test_pieces_of_a_transcript_are_no_command_before_it_has_settled():
    talk = alone()
    talk.say(ANA)
    commands = talk.heard("Stop it.") + talk.heard("Say it again.")
    commands += talk.heard("Say it again. I like how you say it in public.")
    commands += talk.wait(1.0)
    assert not performed(commands)


def test_words_that_are_known_when_the_answer_begins_count_at_once():
    talk = alone()
    talk.say(ANA)
    commands = talk.heard("Say it again.") + talk.spoke("Of course.", packets=5)
    assert performed(commands) == [(CommandKind.REPEAT,)]
    assert not talk.loud


def test_what_could_mean_nothing_here_is_answered():
    talk = alone()
    talk.says(ANA, "How far is it?")
    commands = talk.declined()
    [asked] = only(commands, SendRequest)
    assert (asked.text, asked.wants_answer) == ("How far is it?", True)
    talk.spoke("384,000 km.", packets=5)
    talk.answered()
    assert only(talk.play(), Remember)[0].reply == "384,000 km."


def test_nobody_performs_what_nobody_can_here():
    talk = alone()
    talk.manager.performs = frozenset({CommandKind.REPEAT})
    assert not performed(talk.says(ANA, "Leave the channel."))


def test_in_a_group_only_who_addresses_it_commands_it():
    talk = among("Ana", "Ben")
    assert not performed(talk.says(ANA, "Cancel the build."))
    assert performed(talk.says(ANA, "Alfred, cancel the build.")) == [(CommandKind.CANCEL_JOB,)]


def test_a_follow_up_in_a_group_needs_no_name():
    talk = among("Ana", "Ben")
    talk.says(ANA, "Alfred, how far is it?")
    talk.spoke("Far.", packets=5)
    talk.answered()
    talk.play()
    assert not performed(talk.says(BEN, "Say it again.")), "nor is Ben's addressed to it"
    assert performed(talk.says(ANA, "Say it again.")) == [(CommandKind.REPEAT,)]


def test_nobody_commands_while_it_only_listens():
    talk = among("Ana", "Ben")
    talk.attend(Attention.LISTEN_ONLY)
    assert not performed(talk.says(ANA, "Alfred, leave the channel."))


def test_cancel_over_an_answer_of_pennys_ends_that_and_no_job():
    talk = playing(alone())
    talk.say(ANA, 0.5)
    commands = talk.heard("Cancel that.")
    assert not talk.loud
    assert not performed(commands + talk.wait(1.0))


def test_a_long_cancel_over_an_answer_is_about_it_too():
    talk = playing(alone())
    talk.say(ANA, 1.5)
    commands = talk.heard("Oh, please just cancel that now.") + talk.wait(1.0)
    assert not talk.loud
    assert not performed(commands)


def test_cancel_the_build_is_about_the_build_even_over_an_answer():
    talk = playing(alone())
    talk.say(ANA, 1.5)
    commands = talk.heard("Cancel the build.") + talk.wait(1.0)
    assert performed(commands) == [(CommandKind.CANCEL_JOB,)]


def test_cancel_over_what_is_said_about_a_job_is_about_the_job():
    talk = alone()
    talk.says(ANA, "How far is it?")
    talk.spoke("Your build is in its second round.", packets=100)
    talk.answered()
    talk.play(20)
    talk.say(ANA, 0.5)
    commands = talk.heard("Cancel it.") + talk.wait(1.0)
    assert performed(commands) == [(CommandKind.CANCEL,)]


def test_cancel_with_nothing_to_hear_is_a_command():
    assert performed(alone().says(ANA, "Cancel it.")) == [(CommandKind.CANCEL,)]


def test_louder_over_an_answer_says_so():
    talk = playing(alone())
    talk.say(ANA, 1.0)
    [order] = only(talk.heard("Louder, please.") + talk.wait(1.0), PerformCommands)
    assert order.overlaps_answer


def test_who_goes_on_has_not_commanded_anything():
    talk = alone()
    talk.says(ANA, "Say it again")
    commands = talk.begin(ANA)
    assert only(commands, CancelRequest)
    clip = talk.clip(ANA, 1.0)
    talk.pause(clip)
    talk.end(clip)
    commands = talk.heard("that he is a liar and I will scream.")
    commands += talk.answered()
    [asked] = only(commands, SendRequest)
    assert asked.text == "Say it again that he is a liar and I will scream."


def test_two_halves_of_a_command_are_one():
    talk = alone()
    talk.says(ANA, "Say it again")
    talk.begin(ANA)
    clip = talk.clip(ANA, 1.0)
    talk.pause(clip)
    talk.end(clip)
    talk.heard("slower.")
    commands = talk.answered()
    assert performed(commands) == [(CommandKind.REPEAT, CommandKind.SLOWER)]


# -- its own question ------------------------------------------------------------------------------


def asked(talk: Talk, question: str = "Shall I really forget it?") -> Talk:
    talk.says(ANA, "Alfred, forget what I said.")
    talk.spoke(question, packets=10)
    talk.answered()
    talk.play()
    return talk


@pytest.mark.parametrize(
    ("words", "kind"), [("Yes.", CommandKind.YES), ("No, thanks.", CommandKind.NO)]
)
def test_its_own_question_is_answered(words, kind):
    assert performed(asked(among("Ana", "Ben")).says(ANA, words)) == [(kind,)]


def test_a_yes_over_its_question_counts():
    talk = alone()
    talk.says(ANA, "Forget what I said.")
    talk.spoke("Shall I really forget it?", packets=100)
    talk.answered()
    talk.play(20)
    talk.say(ANA, 0.4)
    assert performed(talk.heard("Yes.") + talk.wait(1.0)) == [(CommandKind.YES,)]


def test_somebody_else_answers_nothing():
    assert not performed(asked(among("Ana", "Ben")).says(BEN, "Alfred, yes."))


def test_who_leaves_answers_nothing_when_they_are_back():
    talk = asked(alone())
    talk.people()
    talk.people("Ana")
    assert not performed(talk.says(ANA, "Yes."))


def test_a_yes_long_afterwards_is_talk():
    talk = asked(alone(commands=CommandOptions(confirmed_within_s=5.0)))
    talk.wait(6.0)
    assert not performed(talk.says(ANA, "Yes."))


def test_a_yes_after_other_talk_is_talk():
    talk = asked(alone())
    talk.say(ANA)
    talk.answer("What is the moon?", "A rock.", packets=10)
    talk.play()
    assert not performed(talk.says(ANA, "Yes."))


def test_a_yes_to_a_question_that_is_said_again_is_hers():
    talk = asked(alone())
    talk.say(ANA)
    talk.answer("What is the moon?", "A rock. Shall I tell you more?", packets=10)
    talk.play()
    talk.wait(DEFAULT_OPTIONS.follow_up.window_s + 1.0)
    assert performed(talk.says(ANA, "Say it again.")) == [(CommandKind.REPEAT,)]
    talk.spoke("A rock. Shall I tell you more?", packets=10)
    talk.answered()
    talk.play()
    assert not performed(talk.says(ANA, "Yes."))


def test_a_yes_to_pennys_question_is_hers():
    talk = alone()
    talk.say(ANA)
    talk.answer("Tell me of the moon", "Shall I begin?", packets=10)
    talk.play()
    assert not performed(talk.says(ANA, "Yes."))


def test_an_answer_to_pennys_question_is_no_command():
    talk = alone()
    talk.say(ANA)
    talk.answer("Tell me a joke", "In which language?", packets=10)
    talk.play()
    assert not performed(talk.says(ANA, "In Spanish."))
    assert performed(alone().says(ANA, "In Spanish.")) == [(CommandKind.LANGUAGE,)]


# -- what is typed ---------------------------------------------------------------------------------


def test_a_typed_command_asks_nothing():
    talk = alone()
    commands = talk.write(ANA, "say it again")
    assert performed(commands) == [(CommandKind.REPEAT,)]
    assert not only(commands, SendRequest)


def test_a_typed_quotation_is_talk():
    assert not performed(alone().write(ANA, '"say it again"'))


def test_a_typed_stop_ends_the_answer_and_asks_nothing():
    talk = playing(alone())
    commands = talk.write(ANA, "stop")
    assert not talk.loud
    assert not only(commands, SendRequest)
    assert not only(commands, PerformCommands)


@pytest.mark.parametrize("said", ["stop", "cancel it", "never mind"])
def test_who_types_so_while_they_wait_takes_their_question_back(said):
    talk = alone()
    [asked] = only(talk.write(ANA, "what is the moon?"), SendRequest)
    commands = talk.write(ANA, said)
    assert CancelRequest(asked.request_id) in commands
    assert not only(commands, PerformCommands)
    assert not talk.requests


def test_who_says_cancel_while_they_wait_takes_their_question_back():
    talk = among("Ana", "Ben")
    talk.say(ANA)
    talk.heard("Alfred, what is the moon?")
    talk.answered()
    talk.say(ANA, 0.5)
    commands = talk.heard("Cancel.") + talk.answered()
    assert not performed(commands)
    assert not talk.requests


def test_a_breath_after_a_command_asks_for_it_again_in_the_same_turn():
    talk = alone()
    [first] = only(talk.says(ANA, "Cancel it."), PerformCommands)
    talk.begin(ANA)
    clip = talk.clip(ANA, 0.3)
    talk.pause(clip)
    talk.end(clip)
    talk.heard("")
    commands = talk.answered() + talk.wait(1.0)
    for again in only(commands, PerformCommands):
        assert again.turn_id == first.turn_id


def test_how_long_words_settle():
    for settles_s, is_performed in ((0.2, True), (5.0, False)):
        talk = alone(commands=CommandOptions(settles_s=settles_s))
        talk.say(ANA)
        commands = talk.heard("Say it again.") + talk.wait(1.0)
        assert bool(performed(commands)) is is_performed
