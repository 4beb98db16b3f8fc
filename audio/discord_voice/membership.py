"""Whether the bot is in a voice channel: what it asked for, and what Discord reported. Pure.

The main gateway reports in order, and about the bot, not about one client. A report that it is out
may be the echo of its own leaving, or of an earlier client's; only otherwise is it a kick.
"""

from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    """OUT: In no channel. JOINING: It asked to join. IN: In one. LEAVING: It asked to leave."""

    OUT = "out"
    JOINING = "joining"
    IN = "in"
    LEAVING = "leaving"


@dataclass(slots=True)
class Membership:
    """One client's place in a voice channel.

    Attributes:
        is_echo_due: It asked to leave, and Discord has not yet reported that it is out.
    """

    where: Where = Where.OUT
    is_echo_due: bool = False

    def join(self) -> None:
        """The client asks to join."""
        self.where = Where.JOINING

    def leave(self) -> bool:
        """The client wants to leave. Returns whether it has to ask."""
        if self.where in (Where.OUT, Where.LEAVING):
            return False
        self.where, self.is_echo_due = Where.LEAVING, True
        return True

    def seen_in(self) -> None:
        """Discord reports the bot in a channel."""
        if self.where is not Where.LEAVING:
            self.where = Where.IN

    def seen_out(self) -> bool:
        """Discord reports the bot in no channel. Returns whether it was kicked."""
        if self.is_echo_due:
            self.is_echo_due = False
            if self.where is Where.LEAVING:
                self.where = Where.OUT
            return False
        if self.where is Where.JOINING:
            return False  # about an earlier client: the answer to this one is still to come
        was_in, self.where = self.where is Where.IN, Where.OUT
        return was_in

    def connected(self) -> None:
        """The connection is up: an echo that has not arrived by now never will."""
        self.is_echo_due = False
