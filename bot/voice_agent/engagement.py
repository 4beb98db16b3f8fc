"""How people stand with the assistant: must they call it by name, or does it answer anyway?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.voice_agent.events import Attention
from bot.voice_agent.turn_state import WANTED, AddresseeMode
from bot.voice_agent.utterance_intent import UtteranceIntent, saying


@dataclass(frozen=True, slots=True)
class FollowUp:
    """Somebody has just been answered: what they say next is for the assistant.

    Attributes:
        until_s: They must have begun to speak by then.
        is_asked: The answer ended in a question, so that "yes" is an answer to it.
    """

    until_s: float
    is_asked: bool


@dataclass(slots=True)
class EngagementPolicy:
    """Who is there, when to answer, and who has just been answered.

    Attributes:
        assistants: The names that the assistant answers to.
        follow_up_s: How long after its last sound a follow-up may begin.
        names: Who has agreed to be heard.
        others: How many more people are there.
        attention: When to answer.
    """

    assistants: Sequence[str]
    follow_up_s: float
    names: Mapping[int, str] = field(default_factory=dict)
    others: int = 0
    attention: Attention = Attention.AUTO
    _follow_ups: dict[int, FollowUp] = field(default_factory=dict)

    @property
    def is_alone(self) -> bool:
        """Whether only one person is there."""
        return len(self.names) == 1 and self.others == 0

    def meet(self, names: Mapping[int, str], others: int) -> None:
        """Other people are there now."""
        self.names, self.others = dict(names), others
        self._follow_ups = {user: f for user, f in self._follow_ups.items() if user in names}

    def footing(self, user_id: int, *, follows: bool) -> AddresseeMode:
        """How a person stands with the assistant.

        Args:
            user_id: Who.
            follows: Whether what they say began in a follow-up.
        """
        if self.attention is Attention.LISTEN_ONLY:
            return AddresseeMode.NEVER
        if self.attention is Attention.ALWAYS or self.is_alone:
            return AddresseeMode.ALWAYS
        return AddresseeMode.FOLLOW_UP if follows else AddresseeMode.CALLED

    def saying(self, user_id: int, transcript: str) -> UtteranceIntent:
        """What kind of saying it is, from this person's mouth."""
        people = [name for user, name in self.names.items() if user != user_id]
        return saying(transcript, assistants=self.assistants, people=people)

    def wants(self, user_id: int, said: UtteranceIntent, *, follows: bool) -> bool:
        """Whether such a saying is to be answered."""
        footing = self.footing(user_id, follows=follows)
        if footing is AddresseeMode.FOLLOW_UP and said is UtteranceIntent.ACK:
            follow_up = self._follow_ups.get(user_id)
            return follow_up is not None and follow_up.is_asked
        return said in WANTED[footing]

    def follows(self, user_id: int, began_s: float) -> bool:
        """Whether speech that began then is within a follow-up."""
        follow_up = self._follow_ups.get(user_id)
        return follow_up is not None and began_s <= follow_up.until_s

    def open_follow_up(self, user_id: int, now_s: float, *, is_asked: bool) -> None:
        """They have been answered, or called and wait for a question."""
        if user_id in self.names:
            self._follow_ups[user_id] = FollowUp(now_s + self.follow_up_s, is_asked)

    def close_follow_up(self, user_id: int) -> None:
        """They talk to somebody else now."""
        self._follow_ups.pop(user_id, None)

    def turn_to(self, user_id: int) -> None:
        """This person has the assistant's ear; the others' follow-ups are over."""
        self._follow_ups = {u: f for u, f in self._follow_ups.items() if u == user_id}
