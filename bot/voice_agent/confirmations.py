"""What people were asked to confirm, and have not answered yet."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from bot.clock import Clock
from bot.i18n import Words
from bot.spoken_commands import Agreement, CommandKind, SpokenCommand
from bot.voice_agent.options.actions import MAX_CONFIRMATIONS, QUESTION_OPEN_S

UNCLEAR: Final = Agreement.UNCLEAR
Key = TypeVar("Key")
Asked = TypeVar("Asked")


@dataclass(slots=True)
class Confirmations(Generic[Key, Asked]):
    """The open questions: one for each key, the latest.

    Attributes:
        clock: Tells how old they are.
    """

    clock: Clock
    _open: dict[Key, tuple[Asked, float]] = field(default_factory=dict)

    def ask(self, key: Key, asked: Asked) -> None:
        """Note a question."""
        self._open.pop(key, None)
        self._open[key] = (asked, self.clock.now() + QUESTION_OPEN_S)
        if len(self._open) > MAX_CONFIRMATIONS:
            del self._open[next(iter(self._open))]

    def peek(self, key: Key) -> Asked | None:
        """The question that can still be answered; None: there is none, or it is too old."""
        asked, until_s = self._open.get(key, (None, 0.0))
        return asked if self.clock.now() <= until_s else None

    def take(self, key: Key) -> Asked | None:
        """The question that can still be answered, which is then closed."""
        asked = self.peek(key)
        self._open.pop(key, None)
        return asked


@dataclass(frozen=True, slots=True)
class YesNoQuestion:
    """A question whether to do something.

    Attributes:
        text: Returns it in somebody's language; None: it is settled already.
        answer: Does it (True) or not, and returns what to say; None: it was settled meanwhile.
        needs: What a spoken yes has to say: for what deletes or costs most, also what is asked.
    """

    text: Callable[[Words], str | None]
    answer: Callable[[bool, Words], Awaitable[str | None]]
    needs: Agreement = Agreement.PLAIN

    def is_met_by(self, said: Agreement) -> bool:
        """Whether a spoken yes is clear enough."""
        return said is self.needs or (self.needs is Agreement.PLAIN and said is not UNCLEAR)


class SpokenQuestions:
    """The questions of one spoken conversation: each person answers the latest they were asked.

    Args:
        clock: Tells how old they are.
    """

    def __init__(self, clock: Clock) -> None:
        self._waiting = Confirmations[int, YesNoQuestion](clock)
        self._open = Confirmations[int, YesNoQuestion](clock)
        self._again = Confirmations[int, YesNoQuestion](clock)  # asked twice, for a clearer yes

    def put(self, user_id: int, question: YesNoQuestion) -> None:
        """Note a question for `ask_waiting`: until then, no answer is about it."""
        self._waiting.ask(user_id, question)

    def ask_waiting(self, user_id: int, words: Words) -> str | None:
        """The noted question, which is asked now; None: it is settled, or too old.

        It stays noted until it is answered: who did not hear it out is asked again.
        """
        question = self._waiting.peek(user_id)
        return None if question is None else self.ask(user_id, question, words)

    def ask(self, user_id: int, question: YesNoQuestion, words: Words) -> str | None:
        """A question in words, which can be answered from now on; None: it is settled."""
        text = question.text(words)
        if text is not None:
            self._open.ask(user_id, question)
        return text

    def forget(self, user_id: int) -> None:
        """Drop what a person was, or was to be, asked: a "yes" from now on is talk."""
        self._waiting.take(user_id)
        self._open.take(user_id)

    async def answer(
        self, user_id: int, said: SpokenCommand, words: Words, *, is_written: bool
    ) -> str | None:
        """Take a person's answer; returns what to say. None: nothing is open, so it is talk.

        A television in the room says "yes", too. So an unclear spoken yes, and one that does not
        name what deletes or costs most, only leads to the question again; the second, to nothing.
        """
        question = self._open.take(user_id)
        if question is None or question.text(words) is None:
            return None
        is_yes = said.kind is CommandKind.YES
        if is_yes and not is_written and not question.is_met_by(said.agreement):
            if self._again.take(user_id) is not question:
                self._again.ask(user_id, question)
                self._open.ask(user_id, question)
                return words(f"commands.yes_to.{question.needs}")
            is_yes = False
        if self._waiting.peek(user_id) is question:
            self._waiting.take(user_id)
        return await question.answer(is_yes, words)
