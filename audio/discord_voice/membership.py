"""Whether the bot is in a voice channel, by what it asked for and what Discord told. Pure.

The main gateway tells in order, and of the bot as a whole, not of one line: that it is out may be
the echo of its own leaving, or of the line before this one. Only what is neither is a kick.
"""

from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    """OUT: in none. JOINING: it asked to come in. IN: it is there. LEAVING: it asked to go."""

    OUT = "out"
    JOINING = "joining"
    IN = "in"
    LEAVING = "leaving"


@dataclass(slots=True)
class Membership:
    """One line's place in a voice channel.

    Attributes:
        where: Where it stands.
        is_echo_due: It asked to leave, and that it is out was not told yet.
    """

    where: Where = Where.OUT
    is_echo_due: bool = False

    def join(self) -> None:
        """It asks to come in."""
        self.where = Where.JOINING

    def leave(self) -> bool:
        """It is to leave; whether there is anything to ask for."""
        if self.where in (Where.OUT, Where.LEAVING):
            return False
        self.where, self.is_echo_due = Where.LEAVING, True
        return True

    def told_in(self) -> None:
        """Discord has it in a channel."""
        if self.where is not Where.LEAVING:
            self.where = Where.IN

    def told_out(self) -> bool:
        """Discord has it in no channel; whether somebody put it out."""
        if self.is_echo_due:
            self.is_echo_due = False
            if self.where is Where.LEAVING:
                self.where = Where.OUT
            return False
        if self.where is Where.JOINING:
            return False  # of the line before: the answer to our question is still to come
        was_in, self.where = self.where is Where.IN, Where.OUT
        return was_in

    def settled(self) -> None:
        """It is connected: whatever was to be told of an earlier leaving has been, or never is."""
        self.is_echo_due = False
