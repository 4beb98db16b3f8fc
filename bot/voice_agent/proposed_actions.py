"""The actions that answers come with, until the answers have been heard to their end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.contract import Response
from bot.voice_agent.events import Fact, Remember
from bot.voice_agent.options.actions import MAX_PROPOSED
from bot.voice_agent.ports import ActionTaker
from bot.voice_agent.response_stream import ResponseStream


@dataclass(slots=True)
class ProposedActions:
    """Who says "no, stop" before the short answer has ended has called its action off.

    Attributes:
        taker: Takes the actions; None: none can be asked for.
    """

    taker: ActionTaker | None = None
    _proposed: dict[int, Response] = field(default_factory=dict)

    @property
    def params(self) -> dict[str, Any]:
        """The parameters that offer actions with a question."""
        offered: Mapping[str, Any] = {} if self.taker is None else self.taker.params
        return dict(offered)

    def watching(
        self, turn_id: int, stream: ResponseStream, deliver: Callable[[Fact], None]
    ) -> Callable[[Fact], None]:
        """Deliver the facts of a turn's new request, and note the action that it comes with."""
        self._proposed.pop(turn_id, None)

        def take(fact: Fact) -> None:
            if stream.proposal is not None:
                self._proposed[turn_id] = stream.proposal
                if len(self._proposed) > MAX_PROPOSED:
                    del self._proposed[next(iter(self._proposed))]
            deliver(fact)

        return take

    def is_only_announced(self, turn: Remember) -> bool:
        """Whether a turn's reply says nothing but that its action is being done.

        A model that reads "I'm on it." among its answers says so of its own accord the next time.
        """
        proposed = self._proposed.get(turn.turn_id)
        action = proposed.output.action if proposed is not None and proposed.output else None
        said = action.get("say") if isinstance(action, dict) else None
        return isinstance(said, str) and bool(said) and said.strip() == turn.reply.strip()

    def over(self, turn: Remember) -> None:
        """Take the action of a turn that is over, unless its answer was cut off or not given."""
        proposed = self._proposed.pop(turn.turn_id, None)
        if self.taker is None or proposed is None or turn.interrupted or not turn.reply:
            return
        self.taker.take(turn.user_id, turn.transcript, proposed)
