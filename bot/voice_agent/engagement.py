"""Whether the assistant answers: must people call it by name? Pure and stateless.

`options/follow_up.py` sets how long a follow-up may wait.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.spoken_commands import STYLES, CommandKind, CommandMatch
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
_MAY_BE_ANSWERS: Final = STYLES | {CommandKind.REPEAT}
"""After a question of the assistant's ("In which language?") a few such words answer it."""
_MAY_CONFIRM: Final = LETS_ANSWER_PLAY_ON | {UtteranceIntent.STOP, UtteranceIntent.CALL}
"""After a question whether to do something these answer it: "ok", "never mind", "ok, Alfred"."""
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

    def intent(
        self, people: Participants, turn: UserTurn, *, another_is_answered: bool = False
    ) -> UtteranceIntent:
        """What the transcript of the turn's request is; over another's answer, "stop" ends that."""
        heard, others = turn.heard or "", people.others_than(turn.user_id)
        intent = self.classifier.classify(heard, people=others)
        if intent is UtteranceIntent.STOP and another_is_answered:
            return intent
        if intent in _MAY_CONFIRM and self._confirmed(people, turn) is not None:
            is_called = self._is_called(people, turn)
            return UtteranceIntent.ADDRESSED if is_called else UtteranceIntent.PLAIN
        return intent

    def commands(self, people: Participants, turn: UserTurn) -> CommandMatch | None:
        """What a turn that is for the assistant tells it to do; None: it is talk."""
        if turn.is_talk:
            return None
        answer = self._confirmed(people, turn)
        if answer is not None:
            return answer
        others = people.others_than(turn.user_id)
        found = self.classifier.commands(turn.transcript, people=others, is_written=turn.is_written)
        if found is None:
            found = self.classifier.likely_commands(
                turn.transcript, people=others, is_written=turn.is_written
            )
        is_answer = found is not None and turn.is_follow_up and people.was_asked(turn.user_id)
        if found is not None and is_answer and _MAY_BE_ANSWERS.issuperset(found.kinds):
            return None
        return found

    def is_stop(self, people: Participants, user_id: int, text: str, *, or_cancel: bool) -> bool:
        """Whether all that somebody has written is "stop", or "cancel it", to no question."""
        is_asked = people.confirmation_of(user_id) is not None
        if is_asked and self.classifier.answer(text, is_written=True) is not None:
            return False
        found = self.classifier.commands(text, is_written=True)
        stops = SILENCING | ({CommandKind.CANCEL} if or_cancel else frozenset())
        return found is not None and stops.issuperset(found.kinds)

    def is_bare_cancel(self, turn: UserTurn) -> bool:
        """Whether it says "cancel it", without saying what."""
        found = self.classifier.commands(turn.heard or "")
        return found is not None and found.kinds == (CommandKind.CANCEL,)

    def _confirmed(self, people: Participants, turn: UserTurn) -> CommandMatch | None:
        """The answer to whether to do what they had asked for; None: it is none, or not to us."""
        if people.confirmation_of(turn.user_id) is None:
            return None
        answer = self._answer(people, turn)
        if answer is None or self._is_to_others(people, turn):
            return None
        is_ours = self.is_for_us(people, turn) or self._is_called(people, turn)
        return answer if is_ours or turn.is_accepted else None

    def _answer(self, people: Participants, turn: UserTurn) -> CommandMatch | None:
        return self.classifier.answer(
            turn.transcript, people=people.others_than(turn.user_id), is_written=turn.is_written
        )

    def _is_to_others(self, people: Participants, turn: UserTurn) -> bool:
        """Whether it may answer somebody who has spoken since the assistant asked them."""
        asked = people.confirmation_of(turn.user_id)
        if asked is None or not asked.needs_name or turn.is_written:
            return False
        return not self._is_called(people, turn)

    def _is_called(self, people: Participants, turn: UserTurn) -> bool:
        return self.classifier.is_called(turn.transcript, people.others_than(turn.user_id))

    def answers(self, people: Participants, turn: UserTurn, intent: UtteranceIntent) -> bool:
        """Whether the assistant answers such an utterance."""
        is_to_others = self._is_to_others(people, turn)
        if is_to_others and self._answer(people, turn) is not None:
            return False
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
