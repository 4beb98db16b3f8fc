"""Decides a spoken conversation: whose turn it is, what is asked, what sounds, and when it stops.

    machine = TurnManager(assistant_names=("Alfred",), eager=True)
    for command in machine.handle(fact): …

Each person has at most one question on its way; what they say before its answer sounds becomes a
part of it. One answer at a time has the floor.

    speech begins
         │      ┌───────────────── they go on: the ask is withdrawn ────────────────┐
         ▼      ▼                                                                   │
       SPEAKING ── ended, surely for us ──▶ WAITING ── has the floor ──▶ ANSWERING ─┤
         │      ▲                              ▲  │                         │       │
         │      │                              │  └──── they go on ─────────│───────┘
         │      └── for us, and they go on ──┐ │                   first packet
         │                                   │ │                            ▼
         └── ended, perhaps for us ──▶ HEARING ┴ for us                  SOUNDING
                                          │                                 │
                    NOT_FOR_US, NOTHING_HEARD                       DONE, INTERRUPTED

FAILED may end each of them, and an answer without sound is DONE from ANSWERING.

In HEARING only the words are wanted (TRANSCRIBE); that may have been asked in SPEAKING already,
at a pause. Who is alone with the assistant, or follows up, is answered right away: the clip itself
is asked (CONVERSE). What is asked at a pause (`eager`) is neither shown nor played before the turn
has ended. Whose turn is next: whose person was answered longest ago.

Speech of the asker into the answer that sounds is a challenge:

    SOUNDING ── they speak ──▶ held ── a while, or real words ──▶ INTERRUPTED
        ▲                        │
        └────── "uh-huh" ────────┘

Nobody else's speech holds it: in a group, people talk to each other while it answers one of them.
Anybody's "stop" ends it; another's question to it waits for its end.
"""

from collections.abc import Sequence
from itertools import count
from typing import Final, TypeAlias

from audio.speech_events import Clip
from bot.voice_agent.engagement import EngagementPolicy
from bot.voice_agent.events import (
    AllStopped,
    Answered,
    AnswerStopped,
    AskFailed,
    AskWaits,
    Attention,
    AttentionSet,
    Command,
    Fact,
    PeopleChanged,
    Played,
    SpeechBegan,
    SpeechEvent,
    SpeechPaused,
    SpeechResumed,
    Spoke,
    Stage,
    Transcribed,
    TurnEnded,
    Typed,
)
from bot.voice_agent.interruption import SHORT_S
from bot.voice_agent.thinking_sound import ThinkingSound
from bot.voice_agent.turn_book import TurnBook
from bot.voice_agent.turn_state import ActiveSpeech, AddresseeMode, State, UserTurn, joined, merged
from bot.voice_agent.utterance_intent import UtteranceIntent

FOLLOW_UP_S: Final = 8.0
MAX_SPEECH_S: Final = 90.0
"""Longer than any turn of the ears': of speech without news for so long the end was lost."""

_NO_INTERRUPTION: Final = frozenset(
    {UtteranceIntent.NOTHING, UtteranceIntent.HUM, UtteranceIntent.ACK}
)

_News: TypeAlias = Transcribed | Spoke | Answered | AskFailed | AskWaits


class TurnManager:
    """A spoken conversation, decided. Sans-io: facts in, commands out; it never waits.

    Args:
        assistant_names: The names that the assistant answers to.
        eager: Whether to ask at a pause, before it is known that the turn is over.
        follow_up_s: How long after its last sound what the same person says is for the assistant
            without its name.
    """

    def __init__(
        self, *, assistant_names: Sequence[str], eager: bool, follow_up_s: float = FOLLOW_UP_S
    ) -> None:
        self._standing = EngagementPolicy(assistant_names, follow_up_s)
        self._book = TurnBook(self._standing)
        self._floor = self._book.floor
        self._is_eager = eager
        self._cueing = ThinkingSound()
        self._served: dict[int, int] = {}  # by person: when they had the floor, as a number
        self._servings = count(1)
        self._now = 0.0

    def handle(self, fact: Fact) -> list[Command]:
        """Take a fact in; what is to be done now, in this order."""
        self._now = max(self._now, fact.at_s)
        self._take(fact)
        self._pass_time()
        self._settle()
        while self._give_floor():
            self._settle()
        self._cue()
        commands, self._book.commands = self._book.commands, []
        return commands

    @property
    def is_busy(self) -> bool:
        """Whether somebody speaks, waits for an answer, or is being answered."""
        return bool(self._book.speeches or self._book.turns)

    def _take(self, fact: Fact) -> None:
        match fact:
            case SpeechBegan() | SpeechPaused() | SpeechResumed() | TurnEnded():
                if fact.user_id in self._standing.names:  # who left, or never agreed, is not heard
                    self._hear(fact)
            case Transcribed() | Spoke() | Answered() | AskFailed() | AskWaits():
                if turn := self._book.asks.get(fact.ask):  # else withdrawn: it comes too late
                    self._learn(turn, fact)
            case Played():
                self._follow_playing(fact)
            case PeopleChanged():
                self._meet(fact)
            case AttentionSet() | Typed() | AnswerStopped() | AllStopped():
                self._obey(fact)

    # -- speech ----------------------------------------------------------------------------------

    def _hear(self, event: SpeechEvent) -> None:
        user_id = event.user_id
        if isinstance(event, SpeechBegan):
            self._begin(user_id, event.began_s)
        elif user_id not in self._book.speeches:
            self._begin(user_id, event.at_s)
        speech = self._book.speeches[user_id]
        speech.latest_s = self._now
        match event:
            case SpeechPaused(clip):
                speech.is_paused = True
                self._pause(clip, speech)
            case SpeechResumed():
                speech.is_paused = False
                self._speak_up(user_id, event.at_s)
            case TurnEnded(clip):
                del self._book.speeches[user_id]
                self._end(clip, speech)

    def _begin(self, user_id: int, began_s: float) -> None:
        is_aside = self._may_challenge(user_id)
        follows = is_aside or self._standing.follows(user_id, began_s)
        self._book.speeches[user_id] = ActiveSpeech(began_s, self._now, follows, is_aside)
        self._speak_up(user_id, began_s)

    def _speak_up(self, user_id: int, began_s: float) -> None:
        """Somebody begins to speak, or goes on: no answer of theirs begins now, or goes on."""
        if turn := self._book.open.get(user_id):
            self._book.take_back(turn)
        if self._may_challenge(user_id):
            self._book.commands += self._floor.hold(user_id, began_s, self._now)

    def _may_challenge(self, user_id: int) -> bool:
        turn = self._floor.turn
        return turn is not None and turn.user_id == user_id and self._floor.is_sounding

    def _pause(self, clip: Clip, speech: ActiveSpeech) -> None:
        self._weigh(clip)
        turn = self._turn_of(clip.user_id, speech)
        if self._is_eager and turn.state is State.SPEAKING:
            self._book.withdraw(turn)
            self._book.ask(turn, merged(turn.clip, clip), eager=True)

    def _end(self, clip: Clip, speech: ActiveSpeech) -> None:
        self._weigh(clip)
        turn = self._turn_of(clip.user_id, speech)
        turn.clip = merged(turn.clip, clip)

    def _turn_of(self, user_id: int, speech: ActiveSpeech) -> UserTurn:
        return self._book.open_turn(user_id, follows=speech.follows, is_aside=speech.is_aside)

    def _settle(self) -> None:
        """Ask what people have said to its end, unless that was done at the pause before."""
        for user_id, turn in list(self._book.open.items()):
            if turn.state is State.SPEAKING and user_id not in self._book.speeches:
                self._settle_one(turn)

    def _settle_one(self, turn: UserTurn) -> None:
        if turn.clip is not None and not turn.is_asked(turn.clip):
            self._book.withdraw(turn)
            self._book.ask(turn, turn.clip, eager=False)
        turn.since_s = self._now
        if turn.clip is not None and not turn.wants_answer:
            turn.state, turn.clip = State.HEARING, None
        else:
            turn.state = State.WAITING
        self._consider(turn)

    def _weigh(self, clip: Clip) -> None:
        """So much speech into an answer is no "uh-huh"."""
        if self._floor.is_challenged_by(clip.user_id) and clip.speech_ms > SHORT_S * 1000:
            self._book.interrupt()

    # -- what people want of it, without a word ---------------------------------------------------

    def _obey(self, wish: AttentionSet | Typed | AnswerStopped | AllStopped) -> None:
        match wish:
            case AttentionSet(attention):
                self._attend(attention)
            case Typed() if wish.user_id in self._standing.names:
                self._write(wish)
            case AnswerStopped() if self._floor.is_sounding:
                self._book.interrupt()
            case AllStopped():
                self._stop()

    def _write(self, fact: Typed) -> None:
        if self._floor.is_sounding:
            self._book.interrupt()
        turn = self._book.open_turn(fact.user_id, follows=True, is_aside=False)
        if turn.state is not State.HEARING:  # else its words are wanted all the same
            self._book.take_back(turn)
        turn.words = joined(turn.words, fact.text)
        if turn.state is State.SPEAKING and fact.user_id not in self._book.speeches:
            turn.state, turn.since_s = State.WAITING, self._now
        self._admit(turn)

    def _stop(self) -> None:
        self._book.speeches.clear()
        self._book.interrupt()
        for turn in self._book.turns:
            self._book.drop(turn)

    # -- what the service says -------------------------------------------------------------------

    def _learn(self, turn: UserTurn, news: _News) -> None:
        match news:
            case Transcribed(_, text) if turn.asked is not None:
                turn.heard = text
            case Spoke() if turn.wants_answer:
                turn.reply.take(news)
            case AskWaits():
                turn.is_cold = True
            case Answered() | AskFailed():
                del self._book.asks[news.ask]
                turn.is_asking, turn.reply.is_whole = False, True
                turn.reply.code = news.code if isinstance(news, AskFailed) else None
        self._consider(turn)

    def _consider(self, turn: UserTurn) -> None:
        """See what can be done with what is known of a turn by now."""
        if turn.state is State.SPEAKING:
            self._glimpse(turn)
        elif turn.reply.code is not None and not turn.reply.has_begun:
            self._book.fail(turn)
        elif not turn.wants_answer:
            if turn.reply.is_whole:
                self._hear_out(turn)
        elif turn.is_judged or self._judge(turn):
            self._answer(turn)

    def _glimpse(self, turn: UserTurn) -> None:
        """At a pause: an "uh-huh" need not hold the answer until its turn has ended."""
        if turn.heard is None or not self._book.challenges(turn):
            return
        if self._standing.saying(turn.user_id, turn.heard) in _NO_INTERRUPTION:
            self._book.commands += self._floor.relent()

    def _hear_out(self, turn: UserTurn) -> None:
        """All words of a stretch of speech are known; they have not been answered."""
        said = self._standing.saying(turn.user_id, turn.heard or "")
        turn.words = joined(turn.words, turn.heard or "")
        turn.drop_ask()
        is_more = turn.clip is not None or turn.user_id in self._book.speeches
        if said is UtteranceIntent.STOP or not (turn.is_admitted or self._is_wanted(turn, said)):
            self._book.dismiss(turn, said)
        elif said is UtteranceIntent.CALL and not (
            is_more or turn.is_admitted or self._is_always(turn)
        ):
            self._book.listen(turn, self._now)
        else:
            self._admit(turn)
            turn.state = State.SPEAKING if is_more else State.WAITING

    def _judge(self, turn: UserTurn) -> bool:
        """Whether a clip that was asked as it is may be answered, as far as is known."""
        has_come = turn.reply.has_begun or turn.reply.is_whole
        is_final = has_come or (turn.heard is not None and self._book.challenges(turn))
        if turn.heard is None and not is_final:
            return True
        said = self._standing.saying(turn.user_id, turn.heard or "")
        if turn.heard is None and turn.reply.has_begun:
            said = UtteranceIntent.PLAIN  # a service that does not tell the words
        if self._is_wanted(turn, said):
            turn.is_judged = is_final
            self._admit(turn)
        elif is_final:
            self._book.dismiss(turn, said)
            return False
        return True

    def _is_wanted(self, turn: UserTurn, said: UtteranceIntent) -> bool:
        if turn.is_aside and said in _NO_INTERRUPTION:
            return False
        return self._standing.wants(turn.user_id, said, follows=turn.follows)

    def _is_always(self, turn: UserTurn) -> bool:
        return self._book.footing(turn) is AddresseeMode.ALWAYS

    def _admit(self, turn: UserTurn) -> None:
        """It is for us."""
        if self._book.challenges(turn):
            self._book.interrupt()
        if not turn.is_admitted:
            turn.is_admitted = True
            self._standing.turn_to(turn.user_id)
        self._book.tell(turn)

    def _answer(self, turn: UserTurn) -> None:
        """Let sound what has come, if it is its turn."""
        has_floor = self._floor.turn is turn and turn.is_judged
        if has_floor:
            self._book.commands += self._floor.speak()
        self._book.tell(turn)
        if has_floor and turn.reply.is_over:
            self._book.finish(turn, self._now)

    # -- the floor, time, and people -------------------------------------------------------------

    def _follow_playing(self, fact: Played) -> None:
        turn = self._floor.turn
        if turn is None or not self._floor.played(fact):
            return
        if self._floor.is_sounding and self._book.open.get(turn.user_id) is turn:
            del self._book.open[turn.user_id]  # what they say from now on is another question
        if turn.reply.is_over:
            self._book.finish(turn, self._now)

    def _give_floor(self) -> bool:
        """Let the next turn answer: whose person was answered longest ago."""
        if self._floor.turn is not None:
            return False
        ready = [
            turn
            for turn in self._book.open.values()
            if turn.state is State.WAITING and turn.user_id not in self._book.speeches
        ]
        if not ready:
            return False
        turn = min(ready, key=lambda t: (self._served.get(t.user_id, 0), t.since_s, t.number))
        self._served[turn.user_id] = next(self._servings)
        self._floor.take(turn, self._now)
        if turn.ask is None:
            self._book.ask(turn, None, eager=False)
        self._consider(turn)
        return True

    def _pass_time(self) -> None:
        for user_id, speech in list(self._book.speeches.items()):
            if self._now - speech.latest_s > MAX_SPEECH_S:
                self._lose(user_id)
        if (challenge := self._floor.challenge) is None:
            return
        speech_now = self._book.speeches.get(challenge.user_id)
        if challenge.is_earnest(speech_now, self._now):
            self._book.interrupt()
        elif challenge.is_stale(speech_now, self._now):
            self._book.commands += self._floor.relent()

    def _lose(self, user_id: int) -> None:
        """The end of somebody's speech was never told: go on with what there is."""
        del self._book.speeches[user_id]
        turn = self._book.open.get(user_id)
        if turn is not None and turn.state is State.SPEAKING:
            turn.clip = turn.asked or turn.clip
            if turn.clip is None and not turn.words:
                self._book.drop(turn)

    def _meet(self, fact: PeopleChanged) -> None:
        self._standing.meet(fact.names, fact.others)
        self._served = {user: n for user, n in self._served.items() if user in fact.names}
        for user_id in self._book.speeches.keys() - fact.names.keys():
            del self._book.speeches[user_id]
        for turn in self._book.turns:
            if turn.user_id not in fact.names:
                self._book.drop(turn)

    def _attend(self, attention: Attention) -> None:
        self._standing.attention = attention
        if attention is not Attention.LISTEN_ONLY:
            return
        self._book.interrupt()
        for turn in self._book.turns:
            turn.is_admitted = False
            if turn.state is State.WAITING:
                self._only_note(turn)

    def _only_note(self, turn: UserTurn) -> None:
        """It waited for an answer, and there will be none: its words are kept."""
        if turn.clip is not None and turn.heard is None:
            self._book.take_back(turn)
        else:
            self._book.close(turn, Stage.DONE)

    def _cue(self) -> None:
        turn = self._floor.turn
        if turn is None or turn.reply.has_begun or not self._book.is_quiet:
            return
        if not (turn.is_admitted or self._is_always(turn)):
            return
        if cue := self._cueing.due(turn.since_s, self._now, is_cold=turn.awaits_worker):
            self._book.sound(cue)
