"""Whose turn it is, what is requested, what plays, and when it stops."""

import pytest

from audio.speech_events import SpeechPartial, TurnEnded
from audio.turn_end import Words
from bot.errors import DeadlineExceeded, OutputLost
from bot.voice_agent.events import (
    Attention,
    CancelRequest,
    Cue,
    FlushPlayout,
    JudgedWords,
    NamesChanged,
    PausePlayout,
    Play,
    PlayCue,
    Played,
    Prepare,
    Remember,
    ReplyChunk,
    ResumePlayout,
    SendRequest,
    Stage,
    Ticked,
    Transcribed,
)
from bot.voice_agent.options import DEFAULT_OPTIONS, VoiceAgentOptions
from tests.fakes.talk import Talk, kinds, only

ANA, BEN, EVA = 1, 2, 3


def alone(options: VoiceAgentOptions = DEFAULT_OPTIONS) -> Talk:
    talk = Talk(options)
    talk.people("Ana")
    return talk


def group() -> Talk:
    talk = Talk()
    talk.people("Ana", "Ben", "Eva")
    return talk


# -- alone with one person -------------------------------------------------------------------------


def test_a_question_is_answered():
    talk = alone()
    [request] = only(talk.say(ANA), SendRequest)
    assert request.wants_answer
    assert request.clip is not None
    assert talk.heard("How far is the moon?")[0].stage is Stage.HEARD
    assert only(talk.spoke("Far away."), Play)
    talk.answered()
    talk.play()
    assert talk.stages(1) == [Stage.HEARD, Stage.ANSWERING, Stage.DONE]
    assert talk.remembered[1] == Remember(1, ANA, "How far is the moon?", "Far away.", False)


def test_what_a_preemptive_request_brings_is_kept_until_the_turn_has_ended():
    talk = alone()
    talk.begin(ANA)
    clip = talk.clip(ANA, 1.0)
    [request] = talk.pause(clip)
    assert request.preemptive
    assert talk.heard("How far is it?") == [JudgedWords(ANA, clip.ended_s, Words.WHOLE)]
    assert talk.spoke("Far away.") == []
    commands = talk.end(clip)
    assert not only(commands, SendRequest)
    assert only(commands, Play)
    assert talk.stages(1) == [Stage.HEARD, Stage.ANSWERING]


EARLY = VoiceAgentOptions(partial_recognition=True)


def test_what_was_said_so_far_is_prepared_and_nothing_else():
    talk = alone(EARLY)
    assert talk.begin(ANA) == [Prepare(ANA, None)]
    clip = talk.clip(ANA, 0.6)
    assert talk.tell(SpeechPartial(clip, talk.now)) == [Prepare(ANA, clip)]


def test_a_partial_has_all_of_the_turn():
    talk = alone(EARLY)
    [first] = only(talk.say(ANA), SendRequest)
    talk.begin(ANA)  # they go on before the answer
    later = talk.clip(ANA, 0.6)
    [prepare] = only(talk.tell(SpeechPartial(later, talk.now)), Prepare)
    assert prepare.clip == first.clip.then(later)


def test_a_long_turn_is_not_recognised_again_and_again():
    talk = alone(EARLY)
    talk.begin(ANA)
    assert talk.tell(SpeechPartial(talk.clip(ANA, 12.1), talk.now)) == []


def test_what_may_be_for_others_is_not_prepared():
    talk = Talk(EARLY)
    talk.people("Ana", "Ben")
    talk.begin(ANA)
    assert talk.tell(SpeechPartial(talk.clip(ANA, 0.6), talk.now)) == []


def test_nothing_is_prepared_beside_an_answer_or_if_it_costs_money():
    talk = alone(EARLY)
    talk.say(ANA)
    talk.answer("How far is the moon?", "Far away.")
    talk.play(1)
    assert not only(talk.begin(ANA), Prepare)
    assert not only(alone().begin(ANA), Prepare)


@pytest.mark.parametrize(
    ("said", "words"),
    [("I would like to", Words.DANGLING), ("I like dogs.", Words.OPEN), ("Yes.", Words.WHOLE)],
)
def test_what_was_heard_at_a_pause_tells_the_ears_whether_it_may_be_all(said, words):
    talk = alone()
    talk.begin(ANA)
    clip = talk.clip(ANA, 1.0)
    talk.pause(clip)
    assert talk.heard(said) == [JudgedWords(ANA, clip.ended_s, words)]


def test_an_answer_to_what_ends_in_and_waits_for_the_rest():
    talk = alone()
    talk.say(ANA)
    talk.answer("Tell me about Paris and", "Paris is a city.")
    assert not talk.loud  # sound alone had ended the turn
    commands = talk.begin(ANA)
    assert CancelRequest not in kinds(commands)  # it was complete; its answer is not played
    talk.now += 1
    clip = talk.clip(ANA, 1.0)
    talk.pause(clip)
    talk.end(clip)
    talk.answer("Tell me about Paris and Rome.", "Both are cities.")
    assert talk.loud
    talk.play()
    assert talk.end_of(1).reply == "Both are cities."


def test_an_answer_to_what_ends_in_and_comes_when_nothing_follows():
    talk = alone()
    talk.say(ANA)
    talk.answer("Tell me about Paris and", "Paris is a city.")
    assert only(talk.wait(3.0), Play)
    talk.play()
    assert talk.end_of(1).stage is Stage.DONE


def test_a_let_go_talk_key_ends_a_turn_whatever_its_words():
    talk = alone()
    talk.begin(ANA)
    clip = talk.clip(ANA, 1.0)
    talk.tell(TurnEnded(clip, talk.now, None, 200))
    talk.answer("Tell me about Paris and", "Paris is a city.")
    assert talk.loud


def test_a_preemptive_request_is_discarded_when_they_go_on():
    talk = alone()
    talk.begin(ANA)
    talk.pause(talk.clip(ANA, 1.0))
    [withdraw] = talk.resume(ANA)
    assert withdraw == CancelRequest(1)
    whole = talk.clip(ANA, 2.0)
    [again] = talk.pause(whole)
    assert again.clip == whole


def test_without_preemptive_generation_nothing_is_requested_at_a_pause():
    talk = alone(VoiceAgentOptions(preemptive_generation=False))
    talk.begin(ANA)
    clip = talk.clip(ANA, 1.0)
    assert talk.pause(clip) == []
    [request] = talk.end(clip)
    assert not request.preemptive


def test_a_turn_taken_too_early_is_taken_back():
    talk = alone()
    talk.say(ANA)
    talk.heard("How far is")
    talk.spoke("What do you mean?")  # queued, but not played yet
    first = talk.requests[talk.request_id].clip
    commands = talk.begin(ANA)
    assert kinds(commands) == [FlushPlayout, CancelRequest]
    talk.now += 1
    clip = talk.clip(ANA, 1.0)
    [request] = only(talk.pause(clip), SendRequest)
    assert request.clip.packets[:50] == first.packets
    assert request.clip.packets[-50:] == clip.packets
    talk.end(clip)
    talk.answer("How far is the moon?", "Far away.")
    talk.play()
    assert talk.end_of(1).transcript == "How far is the moon?"
    assert list(talk.shown) == [1]  # all of it was one turn


def test_of_a_question_without_end_the_latest_two_minutes_are_asked():
    talk = alone()
    for _ in range(5):
        talk.say(ANA, 50.0)  # and speaks again before the answer
    request = talk.requests[talk.request_id]
    assert request.clip.duration_ms == DEFAULT_OPTIONS.limits.max_question_audio_ms
    assert int.from_bytes(request.clip.packets[-1], "big") == 5 * 50 * 50


def test_a_turn_that_ends_otherwise_than_it_paused_is_asked_again():
    talk = alone()
    talk.begin(ANA)
    talk.pause(talk.clip(ANA, 1.0))
    commands = talk.end(talk.clip(ANA, 1.1))
    assert kinds(commands) == [CancelRequest, SendRequest]


def test_a_late_word_of_a_withdrawn_ask_is_ignored():
    talk = alone()
    talk.say(ANA)
    talk.begin(ANA)
    assert talk.tell(Transcribed(1, "What", None, talk.now)) == []
    assert talk.tell(ReplyChunk(1, "No.", (b"opus",), "No.", talk.now)) == []
    assert talk.tell(Played(1, 3, False, talk.now)) == []


def test_an_answer_without_sound():
    talk = alone()
    talk.say(ANA)
    talk.answer("How far is it?", "Far away.", packets=0)
    assert talk.end_of(1).stage is Stage.DONE
    assert talk.remembered[1].reply == "Far away."


def test_a_service_that_tells_no_transcript():
    talk = alone()
    talk.say(ANA)
    talk.spoke("Far away.")
    talk.answered()
    talk.play()
    assert talk.stages(1) == [Stage.ANSWERING, Stage.DONE]
    assert talk.remembered == {}  # there is no transcript to remember


def test_noise_is_not_answered():
    talk = alone()
    talk.say(ANA)
    talk.answer("", "Sorry?")
    assert talk.stages(1) == [Stage.NOTHING_HEARD]
    talk.say(ANA)
    talk.answer("Mm-hm.", "You are welcome.")
    assert talk.stages(2)[-1] is Stage.NOT_FOR_US
    assert talk.loud == []
    assert talk.remembered == {}


def test_a_service_that_hears_nothing_and_says_nothing():
    talk = alone()
    talk.say(ANA)
    talk.answered()
    assert talk.stages(1) == [Stage.NOTHING_HEARD]


def test_yes_is_an_answer_when_alone():
    talk = alone()
    talk.say(ANA)
    talk.answer("Yes.", "Then I shall go on.")
    assert talk.loud


def test_stop_with_nothing_to_stop_is_no_question():
    talk = alone()
    talk.say(ANA)
    talk.answer("Stop.", "Stop what?")
    assert talk.loud == []
    assert talk.end_of(1).stage is Stage.DONE
    assert talk.remembered == {}


def test_what_fails_is_told():
    talk = alone()
    talk.say(ANA)
    talk.heard("How far is it?")
    error = DeadlineExceeded("Too late.")
    commands = talk.failed(error)
    assert talk.end_of(1).stage is Stage.FAILED
    assert talk.end_of(1).error is error
    assert PlayCue(Cue.FAILED) in commands
    assert talk.remembered[1].reply == ""


def test_what_fails_half_way_is_played_so_far():
    talk = alone()
    talk.say(ANA)
    talk.heard("How far is it?")
    talk.spoke("Far away. ")
    talk.failed(OutputLost("It is lost."))
    assert talk.stages(1)[-1] is Stage.ANSWERING
    talk.play()
    assert talk.end_of(1).stage is Stage.FAILED
    assert talk.remembered[1] == Remember(1, ANA, "How far is it?", "Far away.", True)


# -- barge-in --------------------------------------------------------------------------------------


def sounding(talk: Talk, packets: int = 100, heard: str = "How far is the moon?") -> Talk:
    """Ana has asked, and half of the answer has played."""
    talk.say(ANA)
    talk.answer(heard, "The moon is four hundred thousand kilometres away.", packets)
    talk.play(packets // 2)
    return talk


def test_speech_holds_the_answer_at_once():
    talk = sounding(alone())
    assert kinds(talk.begin(ANA)) == [PausePlayout]


def test_an_uh_huh_lets_the_answer_go_on_where_it_stopped():
    talk = sounding(alone())
    talk.begin(ANA)
    clip = talk.clip(ANA, 0.4)
    [request] = talk.pause(clip)
    assert request.wants_answer
    assert only(talk.heard("Uh-huh."), ResumePlayout)
    assert only(talk.end(clip), CancelRequest) == [CancelRequest(request.request_id)]
    talk.play()
    assert talk.played[1] == 100
    assert talk.end_of(1).stage is Stage.DONE
    assert talk.stages(2) == [Stage.NOT_FOR_US]


def test_an_ok_at_the_very_end_of_an_answer_is_not_answered():
    talk = sounding(alone())
    talk.begin(ANA)
    clip = talk.clip(ANA, 0.4)
    talk.pause(clip)
    talk.heard("Ok.")
    talk.play()  # the answer ends before her turn does
    talk.end(clip)
    talk.spoke("You are welcome.")
    assert talk.loud == []
    assert talk.stages(2) == [Stage.NOT_FOR_US]


def test_who_goes_on_after_an_uh_huh_holds_it_again():
    talk = sounding(alone())
    talk.begin(ANA)
    talk.pause(talk.clip(ANA, 0.4))
    talk.heard("Uh-huh.")
    assert kinds(talk.resume(ANA)) == [CancelRequest, PausePlayout]
    talk.wait(1.3)
    assert talk.end_of(1).stage is Stage.INTERRUPTED


def test_an_uh_huh_that_a_busy_machine_hears_late_does_not_interrupt():
    talk = sounding(alone())
    talk.begin(ANA)
    talk.now += 3.0
    talk.tell(Ticked(talk.now))
    talk.pause(talk.clip(ANA, 0.4))
    talk.heard("Uh-huh.")
    talk.play()
    assert talk.end_of(1).stage is Stage.DONE


def test_long_speech_interrupts():
    talk = sounding(alone())
    talk.begin(ANA)
    assert FlushPlayout in kinds(talk.wait(1.1))
    assert talk.end_of(1).stage is Stage.INTERRUPTED
    assert talk.end_of(1).reply == "The moon is four hundred"
    assert talk.remembered[1].interrupted
    assert talk.loud == []


def test_a_long_pause_in_long_speech_interrupts_too():
    talk = sounding(alone())
    talk.begin(ANA)
    assert FlushPlayout in kinds(talk.pause(talk.clip(ANA, 1.2)))


def test_short_words_interrupt_once_they_are_known():
    talk = sounding(alone())
    talk.begin(ANA)
    clip = talk.clip(ANA, 0.6)
    talk.pause(clip)
    assert talk.end(clip) == []
    commands = talk.heard("How far is Mars?")
    assert kinds(commands)[:2] == [FlushPlayout, ResumePlayout]
    assert only(talk.spoke("Further."), Play)
    assert talk.end_of(1).stage is Stage.INTERRUPTED
    assert talk.stages(2) == [Stage.HEARD, Stage.ANSWERING]


def test_stop_stops_and_is_not_answered():
    talk = sounding(alone())
    talk.say(ANA, 0.5)
    commands = talk.heard("Stop.")
    assert kinds(commands)[:2] == [FlushPlayout, ResumePlayout]
    assert CancelRequest(2) in commands
    assert talk.end_of(1).stage is Stage.INTERRUPTED
    assert talk.stages(2) == [Stage.DONE]
    assert list(talk.remembered) == [1]


def test_an_answer_still_being_made_is_withdrawn_when_interrupted():
    talk = alone()
    talk.say(ANA)
    talk.heard("How far is the moon?")
    talk.spoke("The moon is far away.")
    talk.play(10)
    talk.begin(ANA)
    assert CancelRequest(1) in talk.wait(1.3)
    assert talk.tell(ReplyChunk(1, "More.", (b"opus",), "More.", talk.now)) == []


def test_an_answer_is_not_held_for_ever():
    talk = sounding(alone())
    talk.say(ANA, 0.5)  # no transcript arrives
    assert ResumePlayout() in talk.wait(5.0)
    talk.play(10)
    assert (
        kinds(talk.heard("And Mars?"))[0] is FlushPlayout
    )  # now the interruption is known to be real


def test_what_was_spoken_into_it_cannot_be_recognised():
    talk = sounding(alone())
    talk.say(ANA, 0.5)
    assert ResumePlayout() in talk.failed(OutputLost("It is lost."))
    talk.play()
    assert talk.end_of(1).stage is Stage.DONE
    assert talk.end_of(2).stage is Stage.FAILED


# -- cues ------------------------------------------------------------------------------------------


def cues(commands) -> list[Cue]:
    return [command.cue for command in only(commands, PlayCue)]


def test_cues_while_an_answer_is_awaited():
    talk = alone()
    talk.say(ANA)
    assert cues(talk.wait(1.2)) == []
    assert cues(talk.wait(0.6)) == [Cue.LISTENING]
    assert cues(talk.wait(1.5)) == [Cue.THINKING]
    assert cues(talk.wait(3.0)) == []
    assert cues(talk.wait(1.0)) == [Cue.THINKING]
    assert cues(talk.wait(7.0)) == []  # the gap doubles
    talk.spoke("Far away.")
    assert cues(talk.wait(20.0)) == []


def test_a_quick_answer_needs_no_cue():
    talk = alone()
    assert cues(talk.say(ANA)) == []
    talk.answer("How far is it?", "Far away.")
    assert cues(talk.wait(1.0)) == []


@pytest.mark.parametrize("pause_s", [0.4, 0.8, 1.2])
def test_whoever_speaks_at_length_hears_no_cue_between_sentences(pause_s):
    talk = alone()
    for _ in range(20):
        assert not cues(talk.say(ANA, 3.0) + talk.wait(pause_s))
    assert cues(talk.wait(60.0))


def test_each_turn_that_goes_on_after_its_end_makes_the_next_cue_wait():
    talk = alone()
    talk.say(ANA)
    assert cues(talk.wait(2.0)) == [Cue.LISTENING]
    talk.say(ANA)
    assert cues(talk.wait(2.0)) == []
    assert cues(talk.wait(1.0)) == [Cue.LISTENING]


def test_a_cold_service_has_a_cue_of_its_own():
    talk = alone()
    talk.say(ANA)
    assert talk.waits()[0].stage is Stage.WAITING_FOR_WORKER
    assert cues(talk.wait(4.0)) == [Cue.LISTENING, Cue.WAITING]
    talk.heard("How far is it?")
    assert talk.stages(1) == [Stage.WAITING_FOR_WORKER, Stage.HEARD]


# -- several people --------------------------------------------------------------------------------


def test_in_a_group_only_the_words_are_wanted_at_first():
    talk = group()
    [request] = only(talk.say(ANA), SendRequest)
    assert not request.wants_answer
    talk.heard("I saw Ben yesterday.")
    talk.answered()
    assert talk.stages(1) == [Stage.NOT_FOR_US]
    assert talk.remembered[1] == Remember(1, ANA, "I saw Ben yesterday.", "", False)


def test_who_calls_it_by_name_is_answered():
    talk = group()
    talk.say(ANA)
    talk.heard("Alfred, how far is the moon?")
    [request] = only(talk.answered(), SendRequest)
    assert (request.wants_answer, request.clip, request.text) == (
        True,
        None,
        "Alfred, how far is the moon?",
    )
    talk.spoke("Far away.")
    talk.answered()
    talk.play()
    assert talk.stages(1) == [Stage.HEARD, Stage.ANSWERING, Stage.DONE]


def test_one_agreed_person_among_others_is_not_alone():
    talk = Talk()
    talk.people("Ana", others=1)
    assert not only(talk.say(ANA), SendRequest)[0].wants_answer


def test_in_a_group_the_words_may_be_known_before_the_turn_has_ended():
    talk = group()
    talk.begin(ANA)
    clip = talk.clip(ANA, 1.0)
    [request] = talk.pause(clip)
    assert (request.wants_answer, request.preemptive) == (False, True)
    talk.heard("Alfred, how far is the moon?")
    assert talk.answered() == []
    [request] = only(talk.end(clip), SendRequest)
    assert request.text == "Alfred, how far is the moon?"


def answered(talk: Talk, said: str = "Far away.") -> Talk:
    """Ana has asked, and the whole answer has played."""
    talk.say(ANA)
    talk.heard("Alfred, how far is the moon?")
    talk.answered()
    talk.spoke(said)
    talk.answered()
    talk.play()
    return talk


def test_a_follow_up_needs_no_name():
    talk = answered(group())
    talk.wait(5.0)
    assert only(talk.say(ANA), SendRequest)[0].wants_answer
    talk.answer("How far is Mars?", "Further.")
    assert talk.loud


def test_a_follow_up_is_the_same_persons_and_not_for_long():
    talk = answered(group())
    assert not only(talk.say(BEN), SendRequest)[0].wants_answer
    talk.wait(9.0)
    assert not only(talk.say(ANA), SendRequest)[0].wants_answer


def test_who_left_and_came_back_does_not_follow_up():
    talk = answered(group())
    talk.people("", "Ben", "Eva")
    talk.people("Ana", "Ben", "Eva")
    assert not only(talk.say(ANA), SendRequest)[0].wants_answer


def test_a_follow_up_is_over_when_somebody_else_asks():
    talk = answered(group())
    talk.say(BEN)
    talk.heard("Alfred, what time is it?")
    talk.answered()
    talk.spoke("Noon.", packets=0)
    talk.answered()
    assert not only(talk.say(ANA), SendRequest)[0].wants_answer


def test_a_follow_up_that_is_for_somebody_else():
    talk = answered(group())
    talk.say(ANA)
    talk.heard("Ben, did you know that?")
    talk.spoke("Yes.")
    assert talk.loud == []
    assert talk.stages(2) == [Stage.NOT_FOR_US]
    assert not only(talk.say(ANA), SendRequest)[0].wants_answer  # she is talking to Ben now


def test_thanks_need_no_answer_unless_it_asked():
    talk = answered(group())
    talk.say(ANA)
    talk.answer("Okay, thanks.", "You are welcome.")
    assert talk.loud == []
    talk = answered(group(), said="Shall I go on?")
    talk.say(ANA)
    talk.answer("Yes.", "Well, then.")
    assert talk.loud


def test_a_call_and_nothing_else_opens_its_ear():
    talk = group()
    talk.say(ANA)
    talk.heard("Alfred?")
    commands = talk.answered()
    assert cues(commands) == [Cue.LISTENING]
    assert not only(commands, SendRequest)
    assert only(talk.say(ANA), SendRequest)[0].wants_answer


def test_what_they_add_to_a_question_in_a_group_becomes_a_part_of_it():
    talk = group()
    talk.say(ANA)
    talk.heard("Alfred, how far is")
    talk.begin(ANA)  # before the manager knows that the turn is for it
    talk.answered()
    talk.now += 1
    clip = talk.clip(ANA, 1.0)
    [request] = only(talk.pause(clip) + talk.end(clip), SendRequest)
    assert not request.wants_answer
    talk.heard("the moon?")
    [request] = only(talk.answered(), SendRequest)
    assert request.text == "Alfred, how far is the moon?"


def test_two_questions_at_once_are_answered_one_after_another():
    talk = group()
    talk.say(ANA)
    talk.say(BEN)
    first, second = sorted(talk.requests)
    talk.heard("Alfred, how far is the moon?", first)
    [of_ana] = only(talk.answered(first), SendRequest)
    talk.heard("Alfred, what time is it?", second)
    assert not only(talk.answered(second), SendRequest)
    talk.spoke("Far away.", request_id=of_ana.request_id)
    talk.answered(of_ana.request_id)
    [of_ben] = only(talk.play(), SendRequest)
    assert (of_ben.user_id, of_ben.text) == (BEN, "Alfred, what time is it?")


def test_the_queue_is_fair():
    talk = group()
    talk.attend(Attention.ALWAYS)
    order = []
    talk.say(ANA)
    talk.answer("One?", "One.")
    talk.play(10)
    for user, words in ((BEN, "Two?"), (EVA, "Three?")):
        talk.say(user)
        talk.heard(words)
        talk.answered()
    talk.play()
    while talk.requests:
        order.append(talk.requests[talk.request_id].user_id)
        talk.spoke("Yes.")
        talk.answered()
        if order == [BEN]:  # meanwhile, Ana asks again
            talk.say(ANA)
            talk.heard("Four?")
            talk.answered()
        talk.play()
    assert order == [BEN, EVA, ANA]


def test_others_talk_does_not_hold_an_answer():
    talk = group()
    sounding_in_group(talk)
    assert talk.begin(BEN) == []
    assert talk.wait(2.0) == []


def sounding_in_group(talk: Talk) -> None:
    talk.say(ANA)
    talk.heard("Alfred, how far is the moon?")
    talk.answered()
    talk.spoke("The moon is far away.", 100)
    talk.answered()
    talk.play(50)


def test_anybodys_stop_ends_an_answer():
    talk = group()
    sounding_in_group(talk)
    talk.say(BEN, 0.5)
    talk.heard("Stop.")
    assert FlushPlayout in kinds(talk.answered())
    assert talk.end_of(1).stage is Stage.INTERRUPTED
    assert talk.end_of(2).stage is Stage.DONE


def test_anothers_question_waits_for_the_end_of_an_answer():
    talk = group()
    sounding_in_group(talk)
    talk.say(BEN)
    talk.heard("Alfred, what time is it?")
    assert kinds(talk.answered()) == [type(talk.shown[2][0])]
    assert SendRequest in kinds(talk.play())


def test_the_asker_interrupts_in_a_group_too():
    talk = group()
    sounding_in_group(talk)
    assert kinds(talk.begin(ANA)) == [PausePlayout]
    talk.wait(1.0)
    clip = talk.clip(ANA, 1.2)
    assert only(talk.pause(clip) + talk.end(clip), SendRequest)[0].wants_answer
    assert talk.end_of(1).stage is Stage.INTERRUPTED


def test_what_is_said_while_words_are_awaited_is_a_turn_of_its_own():
    talk = group()
    talk.say(ANA)
    assert only(talk.say(ANA), SendRequest) == []  # one request at a time
    talk.heard("I saw Ben yesterday.")
    [request] = only(talk.answered(), SendRequest)
    assert not request.wants_answer
    talk.heard("Alfred, who is Ben?")
    talk.answered()
    assert talk.stages(1) == [Stage.NOT_FOR_US]
    assert talk.stages(2) == [Stage.HEARD]


def test_a_cold_service_in_a_group():
    talk = group()
    talk.say(ANA)
    talk.heard("Alfred, how far is the moon?")
    talk.answered()
    talk.waits()
    assert talk.stages(1) == [Stage.HEARD, Stage.WAITING_FOR_WORKER]


def test_an_end_without_a_beginning():
    talk = alone()
    [request] = only(talk.end(talk.clip(ANA, 1.0)), SendRequest)
    assert request.wants_answer


# -- only listening --------------------------------------------------------------------------------


def test_only_listening():
    talk = alone()
    talk.attend(Attention.LISTEN_ONLY)
    [request] = only(talk.say(ANA), SendRequest)
    assert not request.wants_answer
    talk.heard("Alfred, how far is the moon?")
    talk.answered()
    assert talk.stages(1) == [Stage.DONE]
    assert talk.remembered[1].reply == ""


def test_who_is_told_to_listen_only_falls_silent():
    talk = sounding(alone())
    assert FlushPlayout in kinds(talk.attend(Attention.LISTEN_ONLY))
    assert talk.end_of(1).stage is Stage.INTERRUPTED


def test_what_waits_is_noted_when_it_shall_only_listen():
    talk = group()
    sounding_in_group(talk)
    talk.say(BEN)
    talk.heard("Alfred, what time is it?")
    talk.answered()
    talk.attend(Attention.LISTEN_ONLY)
    assert talk.end_of(2).stage is Stage.DONE
    assert talk.remembered[2].transcript == "Alfred, what time is it?"
    assert talk.requests == {}


def test_what_was_to_be_answered_is_heard_when_it_shall_only_listen():
    talk = group()
    talk.attend(Attention.ALWAYS)
    talk.begin(ANA)
    clip = talk.clip(ANA, 1.0)
    talk.pause(clip)
    talk.say(BEN)  # he finishes first and gets the floor
    talk.end(clip)
    commands = talk.attend(Attention.LISTEN_ONLY)
    [request] = [request for request in only(commands, SendRequest) if request.user_id == ANA]
    assert (request.wants_answer, request.clip) == (False, clip)


# -- coming and going ------------------------------------------------------------------------------


def test_who_leaves_takes_their_answer_along():
    talk = sounding(alone())
    commands = talk.people("", "Ben")
    assert kinds(commands)[0] is FlushPlayout
    assert talk.end_of(1).stage is Stage.INTERRUPTED
    assert talk.remembered == {}


def test_who_leaves_before_anything_was_shown_leaves_no_trace():
    talk = alone()
    talk.say(ANA)
    assert kinds(talk.people("", "Ben")) == [CancelRequest]
    assert talk.shown == {}


def test_who_has_not_agreed_is_not_heard():
    talk = alone()
    assert talk.say(BEN) == []


def test_who_leaves_while_speaking_into_their_answer_leaves_the_loudspeaker_free():
    talk = sounding(alone())
    talk.begin(ANA)
    assert talk.is_held
    talk.people("", "Ben")
    assert not talk.is_held


def test_what_was_said_before_the_end_was_lost_is_asked():
    talk = group()
    talk.say(ANA)
    talk.heard("Alfred, how far is")
    talk.begin(ANA)
    talk.answered()
    talk.speaking.clear()  # the speech input has dropped her
    [request] = only(talk.wait(100.0), SendRequest)
    assert request.text == "Alfred, how far is"


def test_speech_whose_end_was_lost_blocks_nobody():
    talk = alone()
    talk.begin(ANA)
    talk.pause(talk.clip(ANA, 1.0))
    talk.resume(ANA)
    talk.speaking.clear()
    talk.wait(100.0)
    talk.say(ANA)
    talk.answer("How far is it?", "Far away.")
    assert talk.loud


# -- the talk key, the keyboard, and Esc -----------------------------------------------------------


def test_what_is_typed_is_asked_as_it_is():
    talk = alone()
    [request] = only(talk.write(ANA, "How far is the moon?"), SendRequest)
    assert (request.clip, request.text, request.wants_answer) == (
        None,
        "How far is the moon?",
        True,
    )
    assert talk.stages(1) == [Stage.HEARD]
    talk.spoke("Far away.")
    talk.answered()
    talk.play()
    assert talk.remembered[1].transcript == "How far is the moon?"


def test_what_is_typed_ends_the_answer_that_sounds():
    talk = alone()
    talk.say(ANA)
    talk.answer("How far is the moon?", "Far away. Really far.")
    talk.play(10)
    commands = talk.write(ANA, "And Mars?")
    assert only(commands, FlushPlayout)
    assert talk.end_of(1).stage is Stage.INTERRUPTED
    assert [request.text for request in only(commands, SendRequest)] == ["And Mars?"]


def test_typing_on_before_the_answer_asks_both_at_once():
    talk = alone()
    talk.write(ANA, "How far is the moon?")
    commands = talk.write(ANA, "In miles.")
    assert only(commands, CancelRequest) == [CancelRequest(1)]
    assert [request.text for request in only(commands, SendRequest)] == [
        "How far is the moon? In miles."
    ]


def test_what_is_typed_by_who_is_not_there_is_nothing():
    assert alone().write(BEN, "Hello?") == []


def test_a_press_ends_only_an_answer_that_sounds():
    talk = alone()
    talk.say(ANA)
    assert talk.stop_answer() == []
    talk.answer("How far is the moon?", "Far away. Really far.")
    talk.play(10)
    assert only(talk.stop_answer(), FlushPlayout)
    assert talk.end_of(1).stage is Stage.INTERRUPTED
    assert talk.stop_answer() == []


def test_stopping_everything_leaves_nothing():
    talk = alone()
    talk.say(ANA)
    talk.answer("How far is the moon?", "Far away. Really far.")
    talk.play(10)
    talk.begin(ANA)
    talk.pause(talk.clip(ANA, 0.3))
    commands = talk.stop_all()
    assert only(commands, FlushPlayout)
    assert only(commands, CancelRequest)
    assert not talk.requests
    assert [request.wants_answer for request in only(talk.say(ANA), SendRequest)] == [True]


def test_an_ask_tells_its_turn():
    talk = alone()
    [first] = only(talk.say(ANA), SendRequest)
    assert first.turn_id == 1


def test_it_answers_to_another_name_from_the_moment_that_it_has_it():
    talk = group()
    talk.tell(NamesChanged(("Nova",), talk.now))
    talk.say(ANA)
    talk.heard("Alfred, how far is the moon?")
    talk.answered()
    assert talk.end_of(1).stage is Stage.NOT_FOR_US
    talk.say(BEN)
    talk.heard("Nova, how far is the moon?")
    talk.answered()
    assert talk.stages(2) == [Stage.HEARD]
