"""Whether the assistant answers: must people call it by name? Pure and stateless.

`options/follow_up.py` sets how long a follow-up may wait.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.spoken_commands import CommandKind, CommandMatch
from bot.voice_agent.events import Attention, Stage
from bot.voice_agent.turn_state import Participants, UserTurn
from bot.voice_agent.utterance_intent import SILENCING, UtteranceClassifier, UtteranceIntent


class AddresseeMode(StrEnum):
    """When a person's words are for the assistant.

    ALWAYS: they are alone with it, or it answers everything. FOLLOW_UP: it has just answered them,
    or is doing so. CALLED: only when they call it by name. NEVER: it only listens.
    """

    ALWAYS = "always"
    FOLLOW_UP = "follow_up"
    CALLED = "called"
    NEVER = "never"


_CALLS: Final = frozenset({UtteranceIntent.CALL, UtteranceIntent.ADDRESSED})
_QUESTIONS: Final = _CALLS | {UtteranceIntent.PLAIN}
_ANSWERED: Final = {
    AddresseeMode.ALWAYS: _QUESTIONS
    | {UtteranceIntent.ACKNOWLEDGEMENT, UtteranceIntent.OTHER_PERSON},
    AddresseeMode.FOLLOW_UP: _QUESTIONS,
    AddresseeMode.CALLED: _CALLS,
    AddresseeMode.NEVER: frozenset[UtteranceIntent](),
}

LETS_ANSWER_PLAY_ON: Final = frozenset(
    {UtteranceIntent.NOTHING, UtteranceIntent.BACKCHANNEL, UtteranceIntent.ACKNOWLEDGEMENT}
)
"""Spoken over an answer, these neither interrupt it nor need one."""
_MAY_BE_ANSWERS: Final = frozenset(
    {
        CommandKind.REPEAT,
        CommandKind.LOUDER,
        CommandKind.QUIETER,
        CommandKind.SLOWER,
        CommandKind.FASTER,
        CommandKind.SHORTER,
        CommandKind.LANGUAGE,
    }
)
"""After a question of the assistant's ("In which language?") a few such words answer it."""
_NOT_REMEMBERED: Final = frozenset({UtteranceIntent.NOTHING, UtteranceIntent.BACKCHANNEL})


@dataclass(frozen=True, slots=True)
class Dismissal:
    """How a turn ends that gets no answer.

    Attributes:
        stops: Whether it ends the answer that has the floor.
        is_remembered: Whether it goes into the history.
    """

    stage: Stage
    stops: bool
    is_remembered: bool


@dataclass(frozen=True, slots=True)
class EngagementPolicy:
    """Decides whom an utterance is for, given who is there."""

    classifier: UtteranceClassifier

    def mode(self, people: Participants, turn: UserTurn) -> AddresseeMode:
        """When this turn is for the assistant."""
        if people.attention is Attention.LISTEN_ONLY:
            return AddresseeMode.NEVER
        if people.attention is Attention.ALWAYS or people.is_one_to_one:
            return AddresseeMode.ALWAYS
        return AddresseeMode.FOLLOW_UP if turn.is_follow_up else AddresseeMode.CALLED

    def is_for_us(self, people: Participants, turn: UserTurn) -> bool:
        """Whether this turn is for the assistant, whatever its words are."""
        return self.mode(people, turn) in (AddresseeMode.ALWAYS, AddresseeMode.FOLLOW_UP)

    def intent(self, people: Participants, turn: UserTurn) -> UtteranceIntent:
        """What the transcript of the turn's request is."""
        heard, others = turn.heard or "", people.others_than(turn.user_id)
        intent = self.classifier.classify(heard, people=others)
        if intent in LETS_ANSWER_PLAY_ON and self._confirms(people, turn):
            return UtteranceIntent.PLAIN
        return intent

    def commands(self, people: Participants, turn: UserTurn) -> CommandMatch | None:
        """What a turn that is for the assistant tells it to do; None: it is talk."""
        if turn.is_talk:
            return None
        if turn.user_id in people.confirming_until_s:
            answer = self.classifier.answer(turn.transcript)
            if answer is not None:
                return answer
        found = self.classifier.commands(
            turn.transcript, people=people.others_than(turn.user_id), is_written=turn.is_written
        )
        is_answer = found is not None and turn.is_follow_up and people.was_asked(turn.user_id)
        if found is not None and is_answer and _MAY_BE_ANSWERS.issuperset(found.kinds):
            return None
        return found

    def is_stop(self, text: str, *, or_cancel: bool) -> bool:
        """Whether all that somebody has written is "stop", or "cancel it"."""
        found = self.classifier.commands(text, is_written=True)
        stops = SILENCING | ({CommandKind.CANCEL} if or_cancel else frozenset())
        return found is not None and stops.issuperset(found.kinds)

    def is_bare_cancel(self, turn: UserTurn) -> bool:
        """Whether it says "cancel it", without saying what."""
        found = self.classifier.commands(turn.heard or "")
        return found is not None and found.kinds == (CommandKind.CANCEL,)

    def _confirms(self, people: Participants, turn: UserTurn) -> bool:
        is_asked = turn.user_id in people.confirming_until_s
        return is_asked and self.classifier.answer(turn.transcript) is not None

    def answers(self, people: Participants, turn: UserTurn, intent: UtteranceIntent) -> bool:
        """Whether the assistant answers such an utterance."""
        if turn.overlaps_answer and intent in LETS_ANSWER_PLAY_ON:
            return False
        mode = self.mode(people, turn)
        if mode is AddresseeMode.FOLLOW_UP and intent is UtteranceIntent.ACKNOWLEDGEMENT:
            follow_up = people.follow_ups.get(turn.user_id)
            return follow_up is not None and follow_up.answers_question
        return intent in _ANSWERED[mode]

    def dismissal(
        self,
        people: Participants,
        turn: UserTurn,
        intent: UtteranceIntent,
        *,
        floor_is_taken: bool,
    ) -> Dismissal:
        """How a turn ends that gets no answer; "stop" without a name needs an answer to end."""
        mode = self.mode(people, turn)
        is_ours = mode is not AddresseeMode.NEVER
        stops = (
            intent is UtteranceIntent.STOP
            and is_ours
            and (mode is not AddresseeMode.CALLED or floor_is_taken)
        )
        stage = Stage.DONE if stops or not is_ours else Stage.NOT_FOR_US
        if intent is UtteranceIntent.NOTHING:
            stage = Stage.NOTHING_HEARD
        return Dismissal(stage, stops, intent not in _NOT_REMEMBERED and not stops)
