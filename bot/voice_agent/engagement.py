"""Whether the assistant answers: must people call it by name? Pure and stateless.

The length of a follow-up is `VoiceAgentOptions.follow_up_window_s` of options.py.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.voice_agent.events import Attention
from bot.voice_agent.turn_state import Participants, UserTurn
from bot.voice_agent.utterance_intent import UtteranceClassifier, UtteranceIntent


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

    def intent(self, people: Participants, turn: UserTurn) -> UtteranceIntent:
        """What the transcript of the turn's request is."""
        others = [name for user, name in people.names.items() if user != turn.user_id]
        return self.classifier.classify(turn.heard or "", people=others)

    def answers(self, people: Participants, turn: UserTurn, intent: UtteranceIntent) -> bool:
        """Whether the assistant answers such an utterance."""
        if turn.overlaps_answer and intent in LETS_ANSWER_PLAY_ON:
            return False
        mode = self.mode(people, turn)
        if mode is AddresseeMode.FOLLOW_UP and intent is UtteranceIntent.ACKNOWLEDGEMENT:
            follow_up = people.follow_ups.get(turn.user_id)
            return follow_up is not None and follow_up.answers_question
        return intent in _ANSWERED[mode]
