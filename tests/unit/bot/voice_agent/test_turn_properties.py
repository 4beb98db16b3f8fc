"""Random conversations: whatever happens, in whatever order, `Talk` checks each command."""

import gc
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from audio.speech_events import (
    Clip,
    SpeechBegan,
    SpeechContinued,
    SpeechPartial,
    SpeechPaused,
    SpeechResumed,
    TurnEnded,
)
from bot.errors import DeadlineExceeded
from bot.spoken_commands import CONFIRMED, CommandKind
from bot.voice_agent.events import (
    Attention,
    ConfirmationNeeded,
    PerformCommands,
    Play,
    Played,
    Prepare,
    ReplyChunk,
    RequestFailed,
    SendRequest,
    Transcribed,
    TurnUpdate,
)
from bot.voice_agent.options import DEFAULT_OPTIONS, VoiceAgentOptions
from tests.fakes.talk import ENDS, Talk, only

MAX_MS = DEFAULT_OPTIONS.limits.max_question_audio_ms
USERS = st.integers(1, 3)
WORDS = st.sampled_from(
    [
        "",
        "Uh-huh.",
        "Ok.",
        "Stop.",
        "Alfred?",
        "Alfred, how far is the moon?",
        "Alfred, stop.",
        "And Mars?",
        "Ben, did you see that?",
        "I do not think so.",
        "Alfred, how far is the",
        "um",
        "Cancel it.",
        "Alfred, say it again, slower.",
        "How far is it?",
        "Alfred, forget what I said.",
        "Yes.",
        "Alfred, yes.",
        "Never mind.",
    ]
)
ANSWERS = {CommandKind.YES, CommandKind.NO}
SELDOM = st.integers(0, 15)  # 0: now
SPEECH_S = st.sampled_from([0.3, 0.6, 1.0, 2.5])


class AnyTalk(RuleBasedStateMachine):
    """People, the service and the playout do anything that they can do."""

    def __init__(self) -> None:
        super().__init__()
        self.talk = Talk()
        self.clips: dict[int, Clip] = {}  # of people who are pausing, by user
        self.unended: dict[int, int] = {}  # preemptive requests of turns in progress: the user
        self.turns: dict[int, int] = {}  # by request
        self.asked: dict[int, int] = {}  # who is to be asked whether to do something, by request
        self.sounding: set[int] = set()  # requests whose answers have sound
        self.read: set[int] = set()  # turns whose answer was partly without sound

    @initialize(
        preemptive=st.booleans(),
        partial=st.booleans(),
        there=st.sampled_from([1, 1, 2, 3]),
        others=SELDOM,
        performs=st.booleans(),
    )
    def meet(self, preemptive, partial, there, others, performs):
        self.talk = Talk(
            VoiceAgentOptions(preemptive_generation=preemptive, partial_recognition=partial)
        )
        self.talk.manager.performs = frozenset(CommandKind if performs else ())
        self.talk.people(*["Ana", "Ben", "Eva"][:there], others=int(others == 0))
        self.there = set(range(1, there + 1))

    def take(self, commands):
        for command in commands:
            if isinstance(command, SendRequest | PerformCommands):
                self.turns[command.request_id] = command.turn_id
            if isinstance(command, PerformCommands):
                kinds = set(command.match.kinds)
                assert not kinds & ANSWERS or self.has_heard(command.user_id), "nobody asked them"
                if kinds & CONFIRMED:
                    self.asked[command.request_id] = command.user_id
            if isinstance(command, SendRequest) and command.preemptive:
                self.unended[command.request_id] = command.user_id
            if isinstance(command, Play):
                self.sounding.add(command.utterance_id)
                assert command.utterance_id not in self.unended, "nothing of it is played"
            if isinstance(command, Prepare):
                assert command.user_id in self.talk.speaking
                assert not self.talk.loud, "answers are not disturbed"
            if isinstance(command, TurnUpdate) and command.stage not in ENDS:
                early = {
                    self.turns[request] for request in self.unended.keys() & self.talk.requests
                }
                assert command.turn_id not in early, "nor shown"
        return commands

    def has_heard(self, user):
        """Whether this person may have heard, or read, a question of the assistant's."""
        said = self.talk.played.keys() | (self.talk.ended - self.talk.cancelled - self.sounding)
        return user in {self.asked.get(request) for request in said}

    # people

    @rule(user=USERS)
    def begin(self, user):
        if user in self.there and user not in self.talk.speaking and user not in self.clips:
            self.take(self.talk.begin(user))

    @rule(user=USERS, speech_s=SPEECH_S)
    def pause(self, user, speech_s):
        if user in self.talk.speaking:
            self.talk.now += speech_s
            earlier = self.clips.pop(user, None)
            clip = self.talk.clip(user, speech_s)
            self.clips[user] = earlier.then(clip) if earlier else clip
            self.take(self.talk.pause(self.clips[user]))

    @rule(user=USERS, speech_s=SPEECH_S, is_silent=st.booleans())
    def partly(self, user, speech_s, is_silent):
        if user in self.talk.speaking:
            self.talk.now += speech_s
            clip = self.talk.clip(user, speech_s)
            self.take(self.talk.tell(SpeechPartial(clip, self.talk.now, is_silent)))

    @rule(user=USERS)
    def resume(self, user):
        if user in self.clips and user not in self.talk.speaking:
            self.take(self.talk.resume(user))

    @rule(user=USERS)
    def end(self, user):
        if user in self.clips and user not in self.talk.speaking:
            for request in [a for a, whose in self.unended.items() if whose == user]:
                del self.unended[request]
            self.take(self.talk.end(self.clips.pop(user)))

    @rule(user=USERS, speech_s=SPEECH_S, text=WORDS)
    def say(self, user, speech_s, text):
        """A whole turn, with its words."""
        self.begin(user)
        self.pause(user, speech_s)
        self.end(user)
        if self.talk.requests:
            self.take(self.talk.heard(text))

    @rule(user=USERS, played=st.integers(0, 60), into=SPEECH_S, text=WORDS)
    def talk_over(self, user, played, into, text):
        """A question, part of its answer, and speech into it."""
        self.say(user, 1.0, "Alfred, how far is the moon?")
        for _ in range(2):  # in a group, the transcript comes first
            if self.talk.requests:
                self.answer(60, played)
        self.say(user, into, text)

    @rule(there=st.sets(USERS, min_size=1), others=st.integers(0, 1), seldom=SELDOM)
    def come_and_go(self, there, others, seldom):
        if seldom:
            return
        self.there = there
        self.clips = {user: clip for user, clip in self.clips.items() if user in there}
        names = [name if i in there else "" for i, name in enumerate(["Ana", "Ben", "Eva"], 1)]
        self.take(self.talk.people(*names, others=others))
        for turn, story in self.talk.shown.items():
            assert story[-1].stage in ENDS or story[-1].user_id in there, turn

    @rule(attention=st.sampled_from(Attention), seldom=SELDOM)
    def attend(self, attention, seldom):
        if not seldom:
            self.take(self.talk.attend(attention))

    @rule(user=USERS, text=WORDS)
    def write(self, user, text):
        if user in self.there and text:
            self.take(self.talk.write(user, text))

    @rule(user=USERS)
    def confirm(self, user):
        """They are to be asked whether to do something."""
        self.take(self.talk.tell(ConfirmationNeeded(user, "en", self.talk.now)))

    @rule()
    def stop_answer(self):
        self.take(self.talk.stop_answer())

    @rule(seldom=SELDOM)
    def stop_all(self, seldom):
        if seldom:
            return
        self.clips.clear()
        self.take(self.talk.stop_all())
        assert not self.talk.requests
        assert not self.talk.loud
        for turn, story in self.talk.shown.items():
            assert story[-1].stage in ENDS, turn

    # Penny

    @precondition(lambda self: self.talk.requests)
    @rule(data=st.data(), text=WORDS)
    def heard(self, data, text):
        self.take(self.talk.heard(text, data.draw(st.sampled_from(sorted(self.talk.requests)))))

    @precondition(lambda self: self.talk.requests)
    @rule(data=st.data(), packets=st.integers(0, 60))
    def spoke(self, data, packets):
        request = data.draw(st.sampled_from(sorted(self.talk.requests)))
        if not packets:
            self.read.add(self.turns[request])
        self.take(self.talk.spoke("Words and words.", packets, request))

    @precondition(lambda self: self.talk.requests)
    @rule(packets=st.integers(1, 300), played=st.integers(0, 300))
    def answer(self, packets, played):
        """The answer to the latest request, partly played."""
        request = self.talk.request_id
        self.take(self.talk.spoke("Words and words.", packets, request))
        if request in self.talk.requests:
            self.take(self.talk.answered(request))
        self.take(self.talk.play(played))

    @precondition(lambda self: self.talk.requests)
    @rule(data=st.data())
    def answered(self, data):
        self.take(self.talk.answered(data.draw(st.sampled_from(sorted(self.talk.requests)))))

    @precondition(lambda self: self.talk.requests)
    @rule()
    def declined(self):
        """The latest commands mean nothing here, or the assistant asks about them."""
        if isinstance(self.talk.requests[self.talk.request_id], PerformCommands):
            self.take(self.talk.declined())

    @precondition(lambda self: self.talk.requests)
    @rule()
    def asks_back(self):
        self.take(self.talk.spoke("Shall I really?", 20))

    @precondition(lambda self: self.talk.requests)
    @rule(data=st.data())
    def failed(self, data):
        request = data.draw(st.sampled_from(sorted(self.talk.requests)))
        self.take(self.talk.failed(request_id=request))

    @precondition(lambda self: self.talk.requests)
    @rule(data=st.data())
    def waits(self, data):
        self.take(self.talk.waits(data.draw(st.sampled_from(sorted(self.talk.requests)))))

    @precondition(lambda self: self.talk.ended)
    @rule(data=st.data())
    def late(self, data):
        request, now = data.draw(st.sampled_from(sorted(self.talk.ended))), self.talk.now
        assert not only(self.talk.tell(Transcribed(request, "Late.", None, now)), TurnUpdate)
        assert not only(
            self.talk.tell(ReplyChunk(request, "Late.", (b"opus",), "Late.", now)), Play
        )
        self.take(self.talk.tell(RequestFailed(request, DeadlineExceeded("late"), now)))

    # the playout and time

    @rule(packets=st.integers(1, 100))
    def play(self, packets):
        self.take(self.talk.play(packets))

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.0, 5.0, 9.0]))
    def wait(self, seconds):
        if self.talk.speaking or self.clips:
            seconds = min(seconds, 1.0)  # the speech input soon reports the end
        self.take(self.talk.wait(seconds))

    # what always holds

    @invariant()
    def nothing_piles_up(self):
        assert len(self.talk.requests) <= len(self.there) + 1
        assert {request.user_id for request in self.talk.requests.values()} <= self.there
        assert sum(story[-1].stage not in ENDS for story in self.talk.shown.values()) <= (
            len(self.there) + 1
        )
        is_under_way = self.talk.requests or self.talk.loud or self.talk.speaking or self.clips
        assert self.talk.manager.is_busy or not is_under_way
        for request in self.talk.requests.values():
            if isinstance(request, PerformCommands):
                continue
            assert request.clip is None or request.clip.duration_ms <= MAX_MS

    @invariant()
    def what_was_said_was_played(self):
        for turn, over in self.talk.remembered.items():
            if over.interrupted and over.reply and turn not in self.read:
                requests = [request for request, of in self.turns.items() if of == turn]
                assert sum(self.talk.played[request] for request in requests) > 0, turn

    def teardown(self):
        """Everybody falls silent, and everything in progress ends."""
        for user in list(self.talk.speaking):
            self.pause(user, 1.0)
        for user in list(self.clips):
            self.end(user)
        for _ in range(50):
            if self.talk.requests:
                self.take(self.talk.answered())
            self.take(self.talk.wait(5.0))  # no answer stays paused or held back for longer
            self.take(self.talk.play())
            if not (self.talk.requests or self.talk.loud):
                break
        assert not self.talk.requests, "every request ends"
        assert not self.talk.loud
        assert not self.talk.is_held, "the loudspeaker is left free"
        assert not self.talk.manager.is_busy, "no turn is left over, and nobody's speech"
        for turn, story in self.talk.shown.items():
            assert story[-1].stage in ENDS, f"turn {turn} has an end"
        for turn in self.talk.remembered:
            assert turn in self.talk.shown


TestAnyTalk = AnyTalk.TestCase
TestAnyTalk.settings = settings(
    max_examples=300, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)

CLIP = Clip(1, (b"\1",) * 20, 400, 0.0, 0.4)
TIME = st.floats(0, 100)
ANY_FACT = st.one_of(
    st.builds(SpeechBegan, USERS, TIME, TIME),
    st.builds(SpeechPartial, st.just(CLIP), TIME, st.booleans()),
    st.builds(SpeechPaused, st.just(CLIP), TIME),
    st.builds(SpeechResumed, USERS, TIME),
    st.builds(SpeechContinued, USERS, st.integers(0, 60_000), TIME),
    st.builds(ConfirmationNeeded, USERS, st.none(), TIME),
    st.builds(TurnEnded, st.just(CLIP), TIME, st.none(), st.just(0)),
    st.builds(Transcribed, st.integers(1, 9), WORDS, st.none(), TIME),
    st.builds(Played, st.integers(1, 9), st.integers(0, 200), st.booleans(), TIME),
)


@given(st.lists(ANY_FACT, max_size=60), st.integers(1, 3))
@settings(max_examples=300, deadline=None)
def test_facts_in_no_order_at_all_are_survived(facts, there):
    talk = Talk()
    talk.people(*["Ana", "Ben", "Eva"][:there])
    for fact in facts:
        talk.manager.handle(fact)
    talk.manager.handle(SpeechBegan(1, 100.0, 100.0))


@pytest.mark.parametrize("there", [1, 3])
def test_a_long_evening_leaves_nothing_behind(there):
    talk = Talk()
    talk.people(*["Ana", "Ben", "Eva"][:there])

    def turn(n: int) -> None:
        user = n % there + 1
        talk.say(user)
        talk.heard("Alfred, how far is the moon?")
        while talk.requests:
            talk.spoke("Far away.")
            talk.answered()
        talk.play()
        talk.shown.clear()
        talk.remembered.clear()
        talk.ended.clear()
        talk.played.clear()

    def size() -> int:
        seen: set[int] = set()

        def of(thing) -> int:
            if id(thing) in seen:
                return 0
            seen.add(id(thing))
            inner = [x for x in gc.get_referents(thing) if not isinstance(x, type)]
            ours = [x for x in inner if not callable(x) and not hasattr(x, "__file__")]
            return sys.getsizeof(thing) + sum(map(of, ours))

        return of(talk.manager)

    for n in range(30):
        turn(n)
    before = size()
    for n in range(300):
        turn(n)
    assert size() < before * 1.1
