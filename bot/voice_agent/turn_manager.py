"""Decides a spoken conversation: whose turn it is, what is requested, what plays, when it stops.

    manager = TurnManager(assistant_names=("Alfred",))
    for command in manager.handle(fact): …

Pure: facts in, commands out; it never waits. Each person has at most one open turn; what they say
before its answer plays becomes part of it. One answer at a time has the floor.

People who are alone with the assistant or follow up are answered right away: the request carries
their audio (CONVERSE). For all others the transcript comes first (TRANSCRIBE), and decides. What a
preemptive request brings is neither shown nor played before the turn has ended. `turn_state` draws
the states of a turn, `interruption` those of an answer that somebody speaks over.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from audio.speech_events import (
    Clip,
    SpeechBegan,
    SpeechContinued,
    SpeechEvent,
    SpeechPartial,
    SpeechPaused,
    SpeechResumed,
    TurnEnded,
)
from bot.spoken_commands import CommandKind
from bot.voice_agent.end_of_turn import is_held, judged_words
from bot.voice_agent.engagement import LETS_ANSWER_PLAY_ON, EngagementPolicy
from bot.voice_agent.events import (
    AllStopped,
    AnswerStopped,
    Attention,
    AttentionSet,
    ColdStart,
    Command,
    CommandsDeclined,
    ConfirmationNeeded,
    Cue,
    Fact,
    NamesChanged,
    PeopleChanged,
    Played,
    ReplyChunk,
    RequestCompleted,
    RequestFailed,
    Stage,
    Transcribed,
    Typed,
)
from bot.voice_agent.interruption import Floor
from bot.voice_agent.open_turns import OpenTurns
from bot.voice_agent.options import DEFAULT_OPTIONS, VoiceAgentOptions
from bot.voice_agent.thinking_sound import ThinkingSound
from bot.voice_agent.turn_state import ActiveSpeech, Participants, TurnState, UserTurn
from bot.voice_agent.utterance_intent import UtteranceClassifier, UtteranceIntent


class TurnManager:
    """A spoken conversation.

    Args:
        assistant_names: The names that the assistant answers to.
        new_request_id: Numbers the requests; by default from 1.

    Attributes:
        performs: The commands that somebody carries out here; all others are talk.
    """

    def __init__(
        self,
        *,
        assistant_names: Sequence[str],
        options: VoiceAgentOptions = DEFAULT_OPTIONS,
        new_request_id: Callable[[], int] | None = None,
    ) -> None:
        self._options = options
        self._policy = EngagementPolicy(UtteranceClassifier(assistant_names, options))
        self._people = Participants.of(options)
        self._floor = Floor(options.interruption)
        self._thinking_sound = ThinkingSound(options.thinking_sound)
        self._turns = OpenTurns(options, self._policy, self._people, self._floor)
        self.performs: frozenset[CommandKind] = frozenset()
        self._now_s = 0.0
        self._new_request_id = new_request_id or count(1).__next__

    # One case for each fact: the whole machine reads from top to bottom.
    def handle(self, fact: Fact) -> list[Command]:  # noqa: C901, PLR0912, PLR0915
        """Process a fact. Returns the commands to carry out, in order."""
        self._now_s = max(self._now_s, fact.at_s)
        self._people.expire_confirmations(self._now_s)
        match fact:
            case _ if isinstance(fact, SpeechEvent | Typed) and fact.user_id not in self._people:
                pass  # they left, or never consented
            case SpeechBegan(user_id, began_s):
                self._begin_speech(user_id, began_s)
                self._prepare(user_id, None)
            case SpeechContinued(user_id, speech_ms):
                self._continue_speech(user_id, speech_ms)
            case SpeechPartial(clip, is_silent=is_silent):
                self._speech_of(clip.user_id)
                self._prepare(clip.user_id, clip, is_urgent=is_silent)
            case SpeechPaused(clip):
                self._pause_speech(clip)
            case SpeechResumed(user_id):
                self._speech_of(user_id).is_paused = False
                self._yield_to(user_id)
            case TurnEnded():
                self._end_speech(fact)
            case Transcribed() | ReplyChunk() | ColdStart() | RequestCompleted() | RequestFailed():
                if turn := self._turns.requests.get(fact.request_id):  # else it was cancelled
                    if isinstance(fact, RequestCompleted | RequestFailed):
                        del self._turns.requests[fact.request_id]
                    turn.receive(fact)
                    self._turns.commands += judged_words(fact, turn)
                    self._advance(turn)
            case CommandsDeclined(request_id):
                self._take_for_talk(self._turns.take_declined(request_id))
            case Played():
                self._track_playout(fact)
            case PeopleChanged(names, others):
                self._set_people(names, others)
            case AttentionSet(attention):
                self._set_attention(attention)
            case NamesChanged(names):
                self._policy = EngagementPolicy(UtteranceClassifier(names, self._options))
            case Typed(user_id, text):
                self._take_text(user_id, text)
            case ConfirmationNeeded(user_id, language):
                self._turns.to_confirm[user_id] = language
            case AnswerStopped() if self._floor.is_playing:
                self._interrupt()
            case AllStopped():
                self._turns.speeches.clear()
                self._turns.to_confirm.clear()
                self._interrupt()
                self._turns.drop(*self._turns.all)
        self._turns.expire_speech(self._now_s)
        self._turns.commands += self._floor.resume_after_timeout(self._turns.speeches, self._now_s)
        self._submit_ended_turns()
        self._settle_commands()
        while self._give_floor():
            self._submit_ended_turns()
        if self._turns.ask_to_confirm(self._new_request_id):
            self._give_floor()
        if (turn := self._floor.turn) and turn.is_decided and turn.reply.queued == 0:
            self._play_answer(turn)  # it may have been held back
        self._play_thinking_sound()
        return self._turns.take_commands()

    @property
    def is_busy(self) -> bool:
        """Whether somebody speaks, waits for an answer, or is being answered."""
        return self._turns.is_busy

    # -- speech ----------------------------------------------------------------------------------

    def _begin_speech(self, user_id: int, began_s: float) -> ActiveSpeech:
        overlaps = self._floor.is_playing_to(user_id)
        is_follow_up = overlaps or self._people.is_follow_up(user_id, began_s)
        is_over_penny = overlaps and self._floor.has_penny
        speech = ActiveSpeech(user_id, began_s, self._now_s, is_follow_up, overlaps, is_over_penny)
        self._turns.speeches[user_id] = speech
        self._yield_to(user_id)
        return speech

    def _continue_speech(self, user_id: int, speech_ms: int) -> ActiveSpeech:
        """Interrupt the answer if they have spoken too long for a backchannel."""
        speech = self._speech_of(user_id)
        if self._floor.is_ended_by(user_id, speech_ms):
            self._interrupt()
        return speech

    def _pause_speech(self, clip: Clip) -> None:
        turn = self._take_clip(clip)
        if self._options.preemptive_generation and turn.state is TurnState.SPEAKING:
            self._turns.cancel_request(turn)
            self._send_request(turn, turn.with_clip(clip), preemptive=True)

    def _end_speech(self, end: TurnEnded) -> None:
        turn = self._take_clip(end.clip)
        del self._turns.speeches[end.user_id]
        turn.clip, turn.end = turn.with_clip(end.clip), end

    def _speech_of(self, user_id: int) -> ActiveSpeech:
        """The person's speech, which begins now if its beginning was never reported."""
        speech = self._turns.speeches.get(user_id) or self._begin_speech(user_id, self._now_s)
        speech.latest_s = self._now_s
        return speech

    def _take_clip(self, clip: Clip) -> UserTurn:
        """Note that they pause. Returns the clip's turn."""
        speech = self._continue_speech(clip.user_id, clip.speech_ms)
        speech.is_paused = True
        turn = self._turns.of(clip.user_id)
        turn.inherit(speech)
        return turn

    def _yield_to(self, user_id: int) -> None:
        """Somebody begins to speak, or resumes: do not begin their answer, and pause one."""
        self._turns.note_words_of(user_id)
        if turn := self._turns.open.get(user_id):
            self._reopen(turn)
        if self._floor.is_playing_to(user_id):
            self._turns.commands += self._floor.pause(user_id, self._now_s)

    def _reopen(self, turn: UserTurn) -> None:
        """They continue before their answer plays: the request had only half of the question."""
        if turn.state is TurnState.TRANSCRIBING:
            return  # the transcript is still needed
        if self._floor.turn is turn:
            self._turns.commands += self._floor.clear()
        self._turns.cancel_request(turn)
        turn.taken_back += turn.state is not TurnState.SPEAKING
        turn.state, turn.commands, turn.is_talk = TurnState.SPEAKING, None, False

    def _submit_ended_turns(self) -> None:
        """Request an answer to turns that have ended, unless the one sent at the pause will do."""
        for user_id, turn in list(self._turns.open.items()):
            if turn.state is not TurnState.SPEAKING or user_id in self._turns.speeches:
                continue
            if turn.clip is not None and not turn.is_requested(turn.clip):
                self._turns.cancel_request(turn)
                self._send_request(turn, turn.clip, preemptive=False)
            turn.since_s = self._now_s
            if turn.clip is not None and not turn.wants_answer:
                turn.state, turn.clip = TurnState.TRANSCRIBING, None
            else:
                turn.state = TurnState.WAITING
            self._advance(turn)

    # -- what people want of it ------------------------------------------------------------------

    def _take_text(self, user_id: int, text: str) -> None:
        self._turns.note_words_of(user_id)
        was_answered = self._floor.has_penny or user_id in self._turns.open
        if self._floor.is_playing:
            self._interrupt()
        stops = self._policy.is_stop(self._people, user_id, text, or_cancel=was_answered)
        if stops and user_id in self._turns.open:
            self._turns.drop(self._turns.open[user_id])
        turn = self._turns.of(user_id)
        turn.is_follow_up = turn.is_written = True
        self._reopen(turn)
        turn.add_words(text)
        if stops:
            self._dismiss(turn, UtteranceIntent.STOP)
            return
        self._accept(turn)
        if turn.state is TurnState.SPEAKING and user_id not in self._turns.speeches:
            turn.state, turn.since_s = TurnState.WAITING, self._now_s
            if turn.clip is None:
                self._perform_commands(turn)

    def _set_people(self, names: Mapping[int, str], others: int) -> None:
        self._people.update(names, others)
        self._floor.forget_all_but(names)
        self._turns.drop_all_but(names)

    def _set_attention(self, attention: Attention) -> None:
        self._people.attention = attention
        if attention is not Attention.LISTEN_ONLY:
            return
        self._interrupt()
        for turn in self._turns.all:
            turn.is_accepted = False
            is_waiting = turn.state is TurnState.WAITING
            if is_waiting and turn.clip is not None and turn.heard is None:
                self._reopen(turn)  # its transcript is still wanted
            elif is_waiting:
                self._turns.close(turn, Stage.DONE)

    # -- requests --------------------------------------------------------------------------------

    def _send_request(self, turn: UserTurn, clip: Clip | None, *, preemptive: bool) -> None:
        # A clip is answered directly if it is for us, is the whole question, and is next in turn;
        # otherwise its transcript comes first. Words are sent only once they are known to be ours.
        is_next = self._floor.turn is None or self._floor.is_interrupted_in(turn)
        is_ours = self._policy.is_for_us(self._people, turn)
        wants_answer = clip is None or (is_ours and is_next and not turn.words)
        request_id = self._new_request_id()
        self._turns.requests[request_id] = turn
        request = turn.begin_request(request_id, clip, wants_answer, preemptive)
        self._turns.commands.append(request)

    def _prepare(self, user_id: int, clip: Clip | None, *, is_urgent: bool = False) -> None:
        """Let the service take in what was said so far, if an answer will surely be wanted."""
        if not self._options.partial_recognition or self._floor.turn is not None:
            return
        turn = self._turns.open.get(user_id) or UserTurn(0, user_id, self._options)
        turn_now = replace(turn)
        turn_now.inherit(self._turns.speeches[user_id])
        if self._policy.is_for_us(self._people, turn_now):
            self._turns.commands += turn.prepare(clip, is_urgent=is_urgent)

    def _advance(self, turn: UserTurn) -> None:
        """Do what is possible with what is known about a turn by now."""
        if turn.state is TurnState.SPEAKING:
            if self._is_backchannel(turn):  # the answer continues before this turn has ended
                self._turns.commands += self._floor.resume_false_interruption()
        elif turn.reply.error is not None and not turn.reply.has_begun:
            self._fail(turn)
        elif not turn.wants_answer:
            if turn.reply.is_complete:
                self._decide_on_transcript(turn)
        elif turn.is_decided or self._decide_on_answer(turn):
            self._play_answer(turn)

    def _is_backchannel(self, turn: UserTurn) -> bool:
        """Whether the turn is known to be an "uh-huh" or "ok" spoken over an answer."""
        is_known = turn.heard is not None and self._floor.is_interrupted_in(turn)
        return is_known and self._intent(turn) in LETS_ANSWER_PLAY_ON

    def _decide_on_transcript(self, turn: UserTurn) -> None:
        """The transcript is complete, and its request brings no answer: is it for us?"""
        intent = self._intent(turn)
        turn.add_words(turn.heard or "")
        turn.drop_request()
        is_more = turn.clip is not None or turn.user_id in self._turns.speeches
        is_answered = turn.is_accepted or self._policy.answers(self._people, turn, intent)
        if intent is UtteranceIntent.STOP or not is_answered:
            self._dismiss(turn, intent)
        elif intent is UtteranceIntent.CALL and not (is_more or self._turns.is_awaited(turn)):
            self._await_question(turn)
        else:
            self._accept(turn)
            turn.state = TurnState.SPEAKING if is_more else TurnState.WAITING
            if not is_more:
                self._perform_commands(turn)

    def _decide_on_answer(self, turn: UserTurn) -> bool:
        """An answer was requested before the words were known. Returns False if it is dismissed."""
        has_reply = turn.reply.has_begun or turn.reply.is_complete
        is_final = has_reply or (turn.heard is not None and self._floor.is_interrupted_in(turn))
        if turn.heard is None and not is_final:
            return True  # nothing is known yet
        intent = self._intent(turn)
        if turn.heard is None and turn.reply.has_begun:
            intent = UtteranceIntent.PLAIN  # the service sends no transcripts
        if self._policy.answers(self._people, turn, intent):
            if is_final or turn.has_settled(self._now_s):
                if self._perform_commands(turn):
                    self._accept(turn)
                    return False
                turn.is_talk = True
            turn.is_decided = is_final
            self._accept(turn)
        elif is_final:
            self._dismiss(turn, intent)
            return False
        return True

    def _intent(self, turn: UserTurn) -> UtteranceIntent:
        """What the transcript of the turn's request is.

        "Cancel it" is about an answer of Penny's, or a question to her, as long as there is one:
        that then ends, and no job of theirs is cancelled.
        """
        has_answer = turn.overlaps_penny or (self._floor.turn is not turn and self._floor.has_penny)
        if (has_answer or turn.words) and self._policy.is_bare_cancel(turn):
            return UtteranceIntent.STOP
        another = self._floor.is_playing and not self._floor.is_playing_to(turn.user_id)
        return self._policy.intent(self._people, turn, another_is_answered=another)

    # -- commands --------------------------------------------------------------------------------

    def _perform_commands(self, turn: UserTurn) -> bool:
        """Have done what a turn that is for us tells us to do. Returns False if it is talk."""
        commands = self._policy.commands(self._people, turn)
        self._people.end_confirmation(turn.user_id)
        if commands is None or not self.performs.issuperset(commands.kinds):
            return False
        self._turns.begin_commands(turn, commands, self._new_request_id())
        return True

    def _settle_commands(self) -> None:
        """Perform the commands of turns whose answers have been requested needlessly."""
        for turn in self._turns.all:
            is_open = turn.state in (TurnState.WAITING, TurnState.ANSWERING)
            if is_open and not turn.is_decided and turn.has_settled(self._now_s):
                self._advance(turn)

    def _take_for_talk(self, turn: UserTurn | None) -> None:
        """Penny answers after all."""
        if turn is None:
            return
        if turn.reply.has_begun:  # too late: something was said about it
            turn.is_requesting, turn.reply.is_complete = False, True
            self._advance(turn)
            return
        turn.drop_request()
        turn.commands, turn.is_talk = None, True
        if self._floor.turn is turn:
            self._send_request(turn, None, preemptive=False)

    def _accept(self, turn: UserTurn) -> None:
        """The turn is for us."""
        if self._floor.is_interrupted_in(turn):
            self._interrupt()
        if not turn.is_accepted:
            turn.is_accepted = True
            self._people.close_other_follow_ups(turn.user_id)
        self._turns.show_progress(turn)

    # -- the floor -------------------------------------------------------------------------------

    def _give_floor(self) -> bool:
        """Give the floor to the person answered longest ago. Returns whether it was given."""
        if self._floor.turn is not None:
            return False
        waiting = (t for t in self._turns.open.values() if t.state is TurnState.WAITING)
        turn = self._floor.next_turn(t for t in waiting if t.user_id not in self._turns.speeches)
        if turn is None:
            return False
        self._floor.give_to(turn, self._now_s)
        if turn.request_id is None:
            self._send_request(turn, None, preemptive=False)
        self._advance(turn)
        return True

    def _play_answer(self, turn: UserTurn) -> None:
        """Play what has arrived, if the turn has the floor."""
        has_floor = self._floor.turn is turn and turn.is_decided
        if has_floor and is_held(turn, self._now_s):
            return
        if has_floor:
            self._turns.commands += self._floor.play()
        self._turns.show_progress(turn)
        if has_floor and turn.reply.is_over:
            self._finish(turn)

    def _track_playout(self, fact: Played) -> None:
        turn = self._floor.turn
        if turn is None or not self._floor.track_playout(fact):
            return
        if self._floor.is_playing:
            self._turns.note_question(turn, self._now_s)  # not before it is heard
            if self._turns.open.get(turn.user_id) is turn:
                del self._turns.open[turn.user_id]  # what they say from now on is another turn
        if turn.reply.is_over:
            self._finish(turn)

    def _interrupt(self) -> None:
        """End the answer that has the floor."""
        if turn := self._floor.turn:
            self._turns.close(turn, Stage.INTERRUPTED, turn.reply.played_text)

    def _play_thinking_sound(self) -> None:
        turn = self._floor.turn
        if turn is None or turn.reply.has_begun or self._turns.speeches:
            return
        if self._turns.is_awaited(turn) and (cue := self._thinking_sound.due(turn, self._now_s)):
            self._turns.play_cue(cue)

    # -- how turns end ---------------------------------------------------------------------------

    def _finish(self, turn: UserTurn) -> None:
        """All of the answer has arrived and been played."""
        if turn.reply.error is not None:
            self._fail(turn)
            return
        reply = turn.reply.delivered_text
        self._people.open_follow_up(turn.user_id, self._now_s, answers_question=reply.endswith("?"))
        self._turns.note_question(turn, self._now_s)
        self._turns.close(turn, Stage.DONE, reply)

    def _fail(self, turn: UserTurn) -> None:
        """The request failed, and what had arrived of the answer has been played."""
        reply, is_awaited = turn.reply.delivered_text, self._turns.is_awaited(turn)
        self._turns.close(turn, Stage.FAILED, reply)
        if is_awaited:
            self._turns.play_cue(Cue.FAILED)

    def _await_question(self, turn: UserTurn) -> None:
        """They only called the assistant: what they say next is for it."""
        self._people.close_other_follow_ups(turn.user_id)
        self._people.open_follow_up(turn.user_id, self._now_s, answers_question=False)
        self._turns.close(turn, Stage.DONE, remember=False)
        self._turns.play_cue(Cue.LISTENING)

    def _dismiss(self, turn: UserTurn, intent: UtteranceIntent) -> None:
        """The turn gets no answer. If it says "stop", the answer that has the floor ends."""
        is_taken = self._floor.turn is not None
        ending = self._policy.dismissal(self._people, turn, intent, floor_is_taken=is_taken)
        if ending.stops and self._floor.turn is not turn:
            self._interrupt()
        if intent is UtteranceIntent.OTHER_PERSON:
            self._people.close_follow_up(turn.user_id)
        if intent is UtteranceIntent.STOP:
            self._people.end_confirmation(turn.user_id)
        self._turns.close(turn, ending.stage, remember=ending.is_remembered)
