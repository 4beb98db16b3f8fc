"""Every knob is documented, and turning it changes the conversation."""

import ast
import inspect
from dataclasses import fields, is_dataclass, replace

import pytest

from audio.endpointing import EndpointingOptions
from bot.contract import System
from bot.voice_agent import options
from bot.voice_agent.chat_context import ChatContext
from bot.voice_agent.events import Cue, PausePlayout, PlayCue, Remember, ResumePlayout, SendRequest
from bot.voice_agent.options import DEFAULT_OPTIONS, VoiceAgentOptions
from bot.voice_agent.options.barge_in import InterruptionOptions
from bot.voice_agent.options.endpointing import default_endpointing
from bot.voice_agent.options.follow_up import FollowUpOptions
from bot.voice_agent.options.history import ChatContextOptions
from bot.voice_agent.options.limits import LimitOptions
from bot.voice_agent.options.phrases import PhraseOptions
from bot.voice_agent.options.thinking_sound import ThinkingSoundOptions
from bot.voice_agent.session_config import SessionConfig
from bot.voice_agent.session_factory import VoiceSessionFactory
from bot.voice_agent.turn_state import UserTurn
from bot.voice_agent.utterance_intent import UtteranceClassifier, UtteranceIntent
from tests.fakes.talk import Talk, kinds, only
from tests.paths import ROOT

ANA, BEN = 1, 2
GROUPS = [
    group
    for group in vars(options).values()
    if inspect.isclass(group)
    and is_dataclass(group)
    and group.__module__.startswith(options.__name__)
]


def alone(**knobs) -> Talk:
    talk = Talk(options=VoiceAgentOptions(**knobs))
    talk.people("Ana")
    return talk


def playing(talk: Talk) -> Talk:
    talk.say(ANA)
    talk.answer("How far is the moon?", "The moon is far away.", packets=100)
    talk.play(50)
    return talk


@pytest.mark.parametrize("group", GROUPS)
def test_each_knob_is_documented(group):
    undocumented = [f.name for f in fields(group) if f"  {f.name}: " not in inspect.getdoc(group)]
    assert not undocumented


def test_the_agent_sets_every_knob_of_endpointing():
    call = ast.parse(inspect.getsource(default_endpointing)).body[0].body[-1].value
    assert {keyword.arg for keyword in call.keywords} == {
        f.name for f in fields(EndpointingOptions)
    }


async def test_the_segmenter_gets_the_endpointing_of_the_conversation():
    factory = VoiceSessionFactory(client=None, clock=None, weights=None)
    given: list[EndpointingOptions] = []
    factory._make_segmenter = given.append
    config = SessionConfig(
        system=System.DECK,
        guild_id=None,
        channel_id=None,
        options=VoiceAgentOptions(endpointing=replace(DEFAULT_OPTIONS.endpointing, same_turn_ms=7)),
    )
    await factory.open(None, None, config, remember=None)
    assert given[0].same_turn_ms == 7


def test_no_other_module_of_the_agent_has_a_numeric_constant():
    allowed = {"_DAY_S", "_USED_AFTER_CLEAN_UP", "_MAX_INLINE_CHARS"}  # of files, not of talking
    found = set()
    for file in (ROOT / "bot/voice_agent").glob("*.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                numbers = [n for n in ast.walk(node.value) if isinstance(n, ast.Constant)]
                is_number = any(type(n.value) in (int, float) for n in numbers)
                if is_number and node.target.id.isupper():
                    found.add(node.target.id)
    assert found == allowed


@pytest.mark.parametrize(("limit_s", "is_interrupted"), [(0.5, True), (2.0, False)])
def test_how_long_a_backchannel_may_be(limit_s, is_interrupted):
    talk = playing(alone(interruption=InterruptionOptions(max_backchannel_duration_s=limit_s)))
    talk.begin(ANA)
    talk.pause(talk.clip(ANA, 1.0))
    assert (not talk.loud) is is_interrupted


@pytest.mark.parametrize(("limit_s", "is_interrupted"), [(0.5, True), (2.0, False)])
def test_how_long_speech_must_be_to_interrupt(limit_s, is_interrupted):
    talk = playing(alone(interruption=InterruptionOptions(max_backchannel_duration_s=limit_s)))
    talk.begin(ANA)
    talk.wait(1.0)
    assert (not talk.loud) is is_interrupted


def test_when_an_answer_resumes_after_a_false_interruption():
    talk = playing(alone(interruption=InterruptionOptions(false_interruption_timeout_s=1.0)))
    assert PausePlayout in kinds(talk.say(ANA, 0.5))
    assert ResumePlayout() in talk.wait(1.5)


def test_how_long_a_follow_up_may_wait():
    talk = Talk(options=VoiceAgentOptions(follow_up=FollowUpOptions(window_s=1.0)))
    talk.people("Ana", "Ben")
    talk.say(ANA)
    talk.heard("Alfred, how far is the moon?")
    talk.answered()
    talk.spoke("Far away.")
    talk.answered()
    talk.play()
    talk.wait(2.0)
    assert not only(talk.say(ANA), SendRequest)[0].wants_answer


def test_what_counts_as_a_backchannel():
    phrases = PhraseOptions(acknowledgements=frozenset({"roger"}), backchannels="brr+")
    classify = UtteranceClassifier(["Alfred"], VoiceAgentOptions(phrases=phrases)).classify
    assert classify("Roger.") is UtteranceIntent.ACKNOWLEDGEMENT
    assert classify("Brrr.") is UtteranceIntent.BACKCHANNEL
    assert classify("Okay.") is UtteranceIntent.PLAIN


def test_when_the_thinking_sound_plays():
    talk = alone(thinking_sound=ThinkingSoundOptions(listening_after_s=5.0, thinking_after_s=9.0))
    talk.say(ANA)
    assert not only(talk.wait(5.5), PlayCue)
    assert only(talk.wait(1.0), PlayCue) == [PlayCue(Cue.LISTENING)]


def test_the_silence_before_a_thinking_sound_does_not_grow_for_ever():
    turn = UserTurn(1, ANA, since_s=2.0, taken_back=5_000)
    assert turn.is_over_since_s == 2.0 + ThinkingSoundOptions().max_surely_over_s


def test_how_much_of_a_question_is_kept():
    talk = alone(limits=LimitOptions(max_question_audio_ms=1_000, max_question_chars=10))
    [request] = only(talk.say(ANA, 3.0), SendRequest)
    assert request.clip.duration_ms == 1_000
    [request] = only(talk.write(ANA, "How far is the moon?"), SendRequest)
    assert request.text == " the moon?"


def test_how_much_of_the_conversation_is_told():
    context = ChatContext(ChatContextOptions(max_tokens=10, chars_per_token=2).max_chars)
    context.add(Remember(1, ANA, "a" * 50, "b" * 50, False), "Ana")
    assert [len(message.content) for message in context.messages()] == [10, 10]
