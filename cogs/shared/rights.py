"""Who may do what: one table for all commands and buttons, from which docs/rights.md is made. Pure.

    relation = await Places(interaction).relation(owner_id=…, guild_id=…, channel_id=…)
    require(Right.STOP_JOB, relation, words("common.not_yours"))

What counts is the person's relation to the thing's own place: the channel that shows a job, or the
voice channel that the bot is in. Where the command was used does not count.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.errors import NotAllowed


class Who(StrEnum):
    """How a person can relate to a thing, usually in several ways at once."""

    OWNER = "owner"
    """They asked for it, or it is about them; even in a DM, or after they have left the server."""
    MEMBER = "member"
    """They can see its channel; a private thread only as one of its members."""
    READER = "reader"
    """A member who may read the channel's history."""
    MODERATOR = "moderator"
    """A member who may manage messages there."""
    MOVER = "mover"
    """A member who may move people in that voice channel."""
    PRESENT = "present"
    """They are in that voice channel."""
    MANAGER = "manager"
    """Their roles let them manage the server; overwrites of one channel do not count."""
    OUTSIDER = "outsider"
    """They are on its server, but cannot see its channel."""
    STRANGER = "stranger"
    """They are on another server, or in direct messages."""
    OPERATOR = "operator"
    """They run the bot."""


class Right(StrEnum):
    """What a person may do."""

    SEE_JOB = "see a job in a list"
    STOP_JOB = "stop a job"
    REPEAT_BUILD = "build again, refine"
    REGENERATE = "regenerate an answer"
    REPEAT_RESULT = "have a result again, shorter or longer"
    USE_RESULT = "have a result translated or shortened"
    READ_MESSAGE = "have a linked message read"
    HEAR_BEFORE = "give the assistant what was said before"
    EXPORT = "export or forget a person's data"
    CONSENT = "agree to be heard, withdraw it"
    SEE_OWN_MONEY = "see a person's costs and budgets"
    SEE_SERVER_COSTS = "see a server's costs"
    SEE_ALL_COSTS = "see everybody's costs"
    SET_BUDGET = "set a server's budget"
    SETTINGS = "see and change a server's settings"
    JOIN = "call the bot into a voice channel"
    COMMAND_VOICE = "make the bot leave, choose its mode, have it follow"
    SEE_VOICE = "see how the bot hears a voice channel"
    MINUTES = "have a channel's minutes summarized"
    CLEAR_MINUTES = "delete a channel's minutes"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may, and why."""

    who: frozenset[Who]
    why: str


def _rule(*who: Who, why: str) -> Rule:
    return Rule(frozenset(who), why)


TABLE: Final[Mapping[Right, Rule]] = {
    Right.SEE_JOB: _rule(
        Who.OWNER, Who.MEMBER, why="Its title reveals what people talk about there."
    ),
    Right.STOP_JOB: _rule(
        Who.OWNER, Who.MODERATOR, why="Anyone who may delete its message may also stop its job."
    ),
    Right.REPEAT_BUILD: _rule(
        Who.OWNER, Who.MEMBER, why="It starts a build of their own, at their own cost, in public."
    ),
    Right.REGENERATE: _rule(
        Who.OWNER, Who.MODERATOR, why="It replaces an answer that someone else received."
    ),
    Right.REPEAT_RESULT: _rule(
        Who.OWNER, why="It reads the original again, which others may not be able to see."
    ),
    Right.USE_RESULT: _rule(
        Who.OWNER, Who.MEMBER, why="They read the result, and start a job at their own cost."
    ),
    Right.READ_MESSAGE: _rule(
        Who.READER, why="Nobody may read through the bot what they cannot read."
    ),
    Right.HEAR_BEFORE: _rule(
        Who.READER, why="The model can be made to repeat whatever it is given."
    ),
    Right.EXPORT: _rule(
        Who.OWNER, why="A person's data is theirs alone; no command names another."
    ),
    Right.CONSENT: _rule(Who.OWNER, why="Nobody can agree or withdraw for someone else."),
    Right.SEE_OWN_MONEY: _rule(Who.OWNER, why="What a person spends is their own business."),
    Right.SEE_SERVER_COSTS: _rule(Who.MANAGER, why="The file says who made which call."),
    Right.SEE_ALL_COSTS: _rule(Who.OPERATOR, why="It is the operator's bill."),
    Right.SET_BUDGET: _rule(Who.MANAGER, why="It applies to everybody on the server."),
    Right.SETTINGS: _rule(Who.MANAGER, why="They apply to everybody on the server."),
    Right.JOIN: _rule(Who.MEMBER, why="Nobody may send the bot where they cannot go."),
    Right.COMMAND_VOICE: _rule(
        Who.PRESENT, Who.MOVER, why="It affects those present; a mover could disconnect the bot."
    ),
    Right.SEE_VOICE: _rule(Who.MEMBER, why="It names the people who were heard there."),
    Right.MINUTES: _rule(Who.MEMBER, why="They contain what was said there."),
    Right.CLEAR_MINUTES: _rule(
        Who.PRESENT, Who.MODERATOR, why="They contain the words of everybody in that channel."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """How a person relates to a thing, as far as Discord and the store know.

    Attributes:
        is_owner: It is theirs.
        is_of_server: They act on its server.
        sees: They can see its channel; a voice channel they may also connect to.
        reads_history: They may read the history there.
        manages_messages: They may manage messages there.
        moves_members: They may move people there.
        is_present: They are in that voice channel.
        manages_server: Their roles let them manage the server.
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
        """The roles of the table that they have."""
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
    """Whether a person with this relation has a right."""
    return not TABLE[right].who.isdisjoint(relation.who)


def require(right: Right, relation: Relation, refusal: str) -> None:
    """Refuse a person who lacks a right.

    Args:
        right: The right that is needed.
        relation: Their relation to the thing.
        refusal: The reason, in their language.

    Raises:
        NotAllowed: They lack the right.
    """
    if not may(right, relation):
        raise NotAllowed(refusal)


def as_markdown() -> str:
    """The table as Markdown, for docs/rights.md."""
    head = f"| | {' | '.join(Who)} | why |"
    lines = [head, f"|---{'|:-:' * len(Who)}|---|"]
    for right, rule in TABLE.items():
        cells = " | ".join("yes" if who in rule.who else "" for who in Who)
        lines.append(f"| {right} | {cells} | {rule.why} |")
    return "\n".join(lines)
