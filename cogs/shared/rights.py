"""Who may do what. Pure: one table, which every door asks; docs/rights.md is the same for people.

    relation = await Places(interaction).relation(owner_id=…, guild_id=…, channel_id=…)
    require(Right.STOP_JOB, relation, words("common.not_yours"))

Rights are those at the thing's own place: a job's where it is shown, a room's in its voice channel.
Where a command was typed counts for nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.errors import NotAllowed


class Who(StrEnum):
    """How a person can stand to a thing; mostly in more than one way."""

    OWNER = "owner"
    """They asked for it, or it is about them; also from a DM, and after they have left."""
    MEMBER = "member"
    """They see its place: the channel, and a private thread as one of its members."""
    READER = "reader"
    """A member who may read what was said there before they came."""
    MODERATOR = "moderator"
    """A member who may manage messages there."""
    MOVER = "mover"
    """A member who may move people there; it is a voice channel."""
    PRESENT = "present"
    """They are in that voice channel."""
    MANAGER = "manager"
    """They manage the server, by their roles; what one channel allows makes nobody a manager."""
    OUTSIDER = "outsider"
    """They are of its server, and do not see its place."""
    STRANGER = "stranger"
    """They are elsewhere: on another server, or in direct messages."""
    OPERATOR = "operator"
    """They run the bot."""


class Right(StrEnum):
    """What a person may be allowed to do."""

    SEE_JOB = "see a job in a list"
    STOP_JOB = "stop a job"
    REPEAT_BUILD = "build again, refine"
    REGENERATE = "regenerate an answer"
    READ_MESSAGE = "have a linked message read"
    HEAR_BEFORE = "have the assistant know what was said before"
    EXPORT = "export or forget a person's data"
    CONSENT = "agree to be heard, take it back"
    SEE_OWN_MONEY = "see a person's costs and budgets"
    SEE_SERVER_COSTS = "see a server's costs"
    SEE_ALL_COSTS = "see everybody's costs"
    SET_BUDGET = "set a server's budget"
    SETTINGS = "see and change a server's settings"
    JOIN = "call the bot into a voice channel"
    COMMAND_VOICE = "send the bot out, choose its mode, have it follow"
    SEE_VOICE = "see how the bot hears a voice channel"
    MINUTES = "have a channel's minutes summed up"
    CLEAR_MINUTES = "have a channel's minutes forgotten"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may, and why just they."""

    who: frozenset[Who]
    why: str


def _rule(*who: Who, why: str) -> Rule:
    return Rule(frozenset(who), why)


TABLE: Final[Mapping[Right, Rule]] = {
    Right.SEE_JOB: _rule(
        Who.OWNER, Who.MEMBER, why="Its title tells what is talked about at its place."
    ),
    Right.STOP_JOB: _rule(
        Who.OWNER, Who.MODERATOR, why="Who may delete its message may also stop what fills it."
    ),
    Right.REPEAT_BUILD: _rule(
        Who.OWNER, Who.MEMBER, why="It begins a build of their own, at their own cost, in sight."
    ),
    Right.REGENERATE: _rule(
        Who.OWNER, Who.MODERATOR, why="It replaces the answer that somebody has got."
    ),
    Right.READ_MESSAGE: _rule(Who.READER, why="Nobody reads through the bot what is shut to them."),
    Right.HEAR_BEFORE: _rule(
        Who.READER, why="What the model is told it can be made to tell; so it is not told."
    ),
    Right.EXPORT: _rule(
        Who.OWNER, why="A person's data are theirs alone; no command names another."
    ),
    Right.CONSENT: _rule(Who.OWNER, why="Nobody agrees for another, and nobody takes it back."),
    Right.SEE_OWN_MONEY: _rule(Who.OWNER, why="What a person spends is theirs to know."),
    Right.SEE_SERVER_COSTS: _rule(Who.MANAGER, why="The file names who has called what."),
    Right.SEE_ALL_COSTS: _rule(Who.OPERATOR, why="It is the operator's bill."),
    Right.SET_BUDGET: _rule(Who.MANAGER, why="It decides for everybody on the server."),
    Right.SETTINGS: _rule(Who.MANAGER, why="They decide for everybody on the server."),
    Right.JOIN: _rule(Who.MEMBER, why="Nobody sends the bot where they may not go themselves."),
    Right.COMMAND_VOICE: _rule(
        Who.PRESENT, Who.MOVER, why="It concerns who is there; a mover could put the bot out."
    ),
    Right.SEE_VOICE: _rule(Who.MEMBER, why="It names who was heard there."),
    Right.MINUTES: _rule(Who.MEMBER, why="They are what was said there."),
    Right.CLEAR_MINUTES: _rule(
        Who.PRESENT, Who.MODERATOR, why="They are everybody's words of that channel."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """How a person stands to a thing: what Discord, and we, know of both.

    Attributes:
        is_owner: It is theirs.
        is_of_server: They act on the server that it belongs to.
        sees: They see its place; of a voice channel, they may also enter it.
        reads_history: They may read what was said there before.
        manages_messages: They may manage messages there.
        moves_members: They may move people there.
        is_present: They are in it; it is a voice channel.
        manages_server: They manage the server, by their roles.
        is_operator: They run the bot.
    """

    is_owner: bool = False
    is_of_server: bool = False
    sees: bool = False
    reads_history: bool = False
    manages_messages: bool = False
    moves_members: bool = False
    is_present: bool = False
    manages_server: bool = False
    is_operator: bool = False

    @property
    def who(self) -> frozenset[Who]:
        """As whom they may act."""
        is_member = self.is_of_server and self.sees
        found = {
            Who.OWNER: self.is_owner,
            Who.MEMBER: is_member,
            Who.READER: is_member and self.reads_history,
            Who.MODERATOR: is_member and self.manages_messages,
            Who.MOVER: is_member and self.moves_members,
            Who.PRESENT: self.is_of_server and self.is_present,
            Who.MANAGER: self.is_of_server and self.manages_server,
            Who.OUTSIDER: self.is_of_server and not self.sees,
            Who.STRANGER: not self.is_of_server,
            Who.OPERATOR: self.is_operator,
        }
        return frozenset(who for who, holds in found.items() if holds)


def may(right: Right, relation: Relation) -> bool:
    """Whether a person may do something."""
    return not TABLE[right].who.isdisjoint(relation.who)


def require(right: Right, relation: Relation, refusal: str) -> None:
    """Let them, or say why not.

    Args:
        right: To what.
        relation: How they stand to the thing.
        refusal: In their language.

    Raises:
        NotAllowed: They may not.
    """
    if not may(right, relation):
        raise NotAllowed(refusal)


def as_markdown() -> str:
    """The table for people, as docs/rights.md has it."""
    head = f"| | {' | '.join(Who)} | why |"
    lines = [head, f"|---{'|:-:' * len(Who)}|---|"]
    for right, rule in TABLE.items():
        cells = " | ".join("yes" if who in rule.who else "" for who in Who)
        lines.append(f"| {right} | {cells} | {rule.why} |")
    return "\n".join(lines)
