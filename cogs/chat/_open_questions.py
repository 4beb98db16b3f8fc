"""What people were asked about actions: whether to go ahead, or what to work on."""

import logging
from collections.abc import Callable

from bot.clock import Clock
from bot.voice_agent.confirmations import Confirmations
from cogs.chat._pending import Pending
from cogs.chat._waiting import Waiting

log = logging.getLogger(__name__)


class OpenQuestions:
    """The questions that nobody has answered yet; each person has at most one in a channel.

    A button answers one as long as it waits; a written yes or no only for a while, and only if the
    person has asked for nothing else since.

    Args:
        clock: Tells how old they are.
        called_off: Called with what will not be done, unless its question is answered or taken
            back: its message still has the buttons.
    """

    def __init__(self, clock: Clock, called_off: Callable[[Waiting], object]) -> None:
        self._called_off = called_off
        self._waiting: Pending[Waiting] = Pending(clock)
        self._answerable = Confirmations[tuple[int, int], int](clock)  # by a written yes or no

    def put(self, waiting: Waiting) -> None:
        """A person is asked what to work on."""
        live, user_id = waiting.live, waiting.requester.user_id
        before = self._waiting.put(live.message_id, live.channel_id, user_id, waiting)
        if before is not None and before.live.message_id != live.message_id:
            self._called_off(before)

    def put_yes_no(self, waiting: Waiting) -> None:
        """A person is asked whether to go ahead."""
        self.put(waiting)
        live = waiting.live
        self._answerable.ask((live.channel_id, waiting.requester.user_id), live.message_id)

    def get(self, asked_in: int) -> Waiting | None:
        """What the question in a message is about; None: it is settled, or forgotten."""
        return self._waiting.get(asked_in)

    def take(self, asked_in: int) -> Waiting | None:
        """The same, and the question is settled."""
        return self._waiting.take(asked_in)

    def of(self, channel_id: int, user_id: int) -> Waiting | None:
        """What a person was asked about in a channel; None: nothing."""
        return self._waiting.get(self._waiting.of(channel_id, user_id) or 0)

    def drop(self, channel_id: int, user_id: int) -> None:
        """Do not do what a person was asked about in a channel."""
        waiting = self._waiting.drop(channel_id, user_id)
        if waiting is not None:
            self._called_off(waiting)

    def peek_yes_no(self, channel_id: int, user_id: int) -> int | None:
        """The message whose question a person's written yes or no answers; None: there is none."""
        asked_in = self._answerable.peek((channel_id, user_id))
        return asked_in if asked_in is not None and self.get(asked_in) else None

    def take_yes_no(self, channel_id: int, user_id: int) -> int | None:
        """The message of the latest such question; a "yes" from now on is about something else."""
        return self._answerable.take((channel_id, user_id))

    def ask_anew(self, channel_id: int, user_id: int) -> None:
        """A person asks something by a command: what they write from now on is about that."""
        self.take_yes_no(channel_id, user_id)
        waiting = self.of(channel_id, user_id)
        if waiting is not None and waiting.subject is None:
            self.drop(channel_id, user_id)

    async def forget(self, is_gone: Callable[[Waiting], bool]) -> None:
        """Forget what people were asked about, and take those questions back."""
        for waiting in self._waiting.drop_all(is_gone):
            try:
                await waiting.live.withdraw()
            except OSError as e:
                log.warning("a question about an action stays: %s", type(e).__name__)

    async def forget_person(self, user_id: int, channel_id: int | None = None) -> None:
        """Take back what a person was asked, in one channel or everywhere."""
        await self.forget(
            lambda waiting: (
                waiting.requester.user_id == user_id
                and channel_id in (None, waiting.requester.channel_id)
            )
        )
