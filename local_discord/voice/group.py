"""DAVE's delivery service: what Discord's voice gateway does for the MLS group of one call.

Pure state: every method takes what a member sent and gives what is to be sent to whom. It follows
the DAVE protocol's rules: a member is never sent its own Add; the first commit of an epoch that
covers all proposals wins, and the others are dropped; whoever could not follow is removed and added
anew in one commit.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from . import mls
from .opcodes import Op

APPEND, REVOKE = b"\0", b"\1"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A binary message for one member: opcode 27, 29 or 30."""

    user_id: int
    op: Op
    payload: bytes


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody to add, with their key package, or to remove."""

    kind: int
    user_id: int
    key_package: bytes = b""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that is proposed in the present epoch, and the members who know of it."""

    change: Change
    ref: bytes
    message: bytes
    leaf: int = -1
    told: set[int] = field(default_factory=set)

    @property
    def user_id(self) -> int:
        """Whom it is about."""
        return self.change.user_id


def appended(proposals: list[Proposal]) -> bytes:
    """The body of opcode 27 that tells new proposals."""
    return APPEND + mls.vector(b"".join(p.message for p in proposals))


def revoked(proposals: list[Proposal]) -> bytes:
    """The body of opcode 27 that takes proposals back."""
    return REVOKE + mls.vector(b"".join(mls.vector(p.ref) for p in proposals))


class DaveGroup:
    """The group of one call.

    Args:
        channel_id: Of the voice channel; it is the group's id.
    """

    def __init__(self, channel_id: int) -> None:
        self.sender = mls.ExternalSender()
        self.transition_id = 0
        self._id = channel_id.to_bytes(8, "big")
        self.reset()

    def reset(self) -> None:
        """Begin again without members; the gateway's key stays."""
        self.epoch = 0
        self.leaves: list[int | None] = []
        self._founders: set[int] = set()
        self._proposals: list[Proposal] = []

    @property
    def established(self) -> bool:
        """Whether there has been a commit."""
        return self.epoch > 0

    @property
    def members(self) -> list[int]:
        """The users in the group."""
        return [user for user in self.leaves if user is not None]

    # --- joining and leaving -------------------------------------------------------------------

    def key_package(self, user_id: int, key_package: bytes) -> list[Delivery]:
        """Somebody would join, or could not follow and would join anew (opcode 26).

        Raises:
            MalformedError: The key package is not in order.
        """
        mls.check_key_package(key_package, user_id)
        wanted = self._without_add(user_id)
        removal = Change(mls.PROPOSAL_REMOVE, user_id)
        if user_id in self.leaves and removal not in wanted:
            wanted.append(removal)
        if not self.established:
            self._founders.add(user_id)
        return self._propose([*wanted, Change(mls.PROPOSAL_ADD, user_id, key_package)])

    def leave(self, user_id: int) -> list[Delivery]:
        """Somebody is gone."""
        wanted = self._without_add(user_id)
        self._founders.discard(user_id)
        removal = Change(mls.PROPOSAL_REMOVE, user_id)
        if user_id in self.leaves and removal not in wanted:
            wanted.append(removal)
        return self._propose(wanted)

    def _without_add(self, user_id: int) -> list[Change]:
        changes = [p.change for p in self._proposals]
        return [c for c in changes if (c.kind, c.user_id) != (mls.PROPOSAL_ADD, user_id)]

    def _propose(self, wanted: list[Change]) -> list[Delivery]:
        """Tell the members what is proposed now.

        davey makes a welcome only when the very message it answers has an Add in it. So whatever
        is not just one more Add takes all proposals back and tells them anew together.
        """
        known = [p.change for p in self._proposals]
        new = [change for change in wanted if change not in known]
        only_more = known == wanted[: len(known)]
        if known and (not only_more or any(c.kind != mls.PROPOSAL_ADD for c in new)):
            gone, self._proposals, new = self._proposals, [], wanted
        else:
            gone = []
        self._proposals += [self._sign(change) for change in new]
        return [d for user in self._told() for d in self._tell(user, gone)]

    def _told(self) -> list[int]:
        """Who is told of proposals: members who stay, or all while there is no group yet."""
        leaving = {p.user_id for p in self._proposals if p.change.kind == mls.PROPOSAL_REMOVE}
        return [u for u in self.members or sorted(self._founders) if u not in leaving]

    def _tell(self, user_id: int, gone: list[Proposal]) -> list[Delivery]:
        """Nobody is ever told their own Add: davey would be stuck with it."""
        back = [p for p in gone if user_id in p.told]
        new = [p for p in self._proposals if user_id not in p.told and p.user_id != user_id]
        for proposal in new:
            proposal.told.add(user_id)
        bodies = [revoked(back)] if back else []
        bodies += [appended(new)] if new else []
        return [Delivery(user_id, Op.MLS_PROPOSALS, body) for body in bodies]

    def _sign(self, change: Change) -> Proposal:
        if change.kind == mls.PROPOSAL_ADD:
            leaf, body = -1, mls.add(change.key_package)
        else:
            leaf = self.leaves.index(change.user_id)
            body = mls.remove(leaf)
        message, ref = self.sender.propose(self._id, self.epoch, body)
        return Proposal(change, ref, message, leaf)

    # --- commits -------------------------------------------------------------------------------

    def commit(self, user_id: int, data: bytes) -> list[Delivery]:
        """A member's commit and welcome (opcode 28); nothing is told of one that comes too late.

        Raises:
            MalformedError: It cannot be read.
        """
        commit, welcome = mls.split_commit(data)
        proposals = self._covered(user_id, commit)
        if not proposals:
            return []
        before = self.members or [user_id]
        welcomes = mls.split_welcome(welcome) if welcome else {}
        if any(p.change.kind == mls.PROPOSAL_ADD for p in proposals) and not welcomes:
            return []
        added = self._apply(user_id, proposals)
        self.epoch += 1
        self._proposals = []
        self.transition_id = self.transition_id % 0xFFFF + 1
        prefix = struct.pack(">H", self.transition_id)
        newcomers = {p.user_id for p in added}
        staying = [u for u in before if u in self.leaves and u not in newcomers]
        return [
            *(Delivery(u, Op.MLS_ANNOUNCE_COMMIT, prefix + commit.raw) for u in staying),
            *(
                Delivery(p.user_id, Op.MLS_WELCOME, prefix + welcomes[ref])
                for p in added
                if (ref := mls.key_package_ref(p.change.key_package)) in welcomes
            ),
        ]

    def _covered(self, user_id: int, commit: mls.Commit) -> list[Proposal]:
        """The proposals a commit is about, in its order; none when it does not count."""
        if commit.group_id != self._id or commit.epoch != self.epoch:
            return []
        if self.established:
            if self.leaves[commit.sender_leaf : commit.sender_leaf + 1] != [user_id]:
                return []
            open_ = {p.ref: p for p in self._proposals}
        else:  # whoever founds the group is no part of their own commit
            open_ = {p.ref: p for p in self._proposals if p.user_id != user_id}
        if not commit.refs or set(commit.refs) != set(open_):
            return []
        return [open_[ref] for ref in commit.refs]

    def _apply(self, user_id: int, proposals: list[Proposal]) -> list[Proposal]:
        """Bring the leaves up to date (section 12.4.2): first the removes, then the adds in order.

        Returns:
            The Adds.
        """
        if not self.established:
            self.leaves = [user_id]
            self._founders.clear()
        for proposal in proposals:
            if proposal.change.kind == mls.PROPOSAL_REMOVE:
                self.leaves[proposal.leaf] = None
        while self.leaves and self.leaves[-1] is None:
            self.leaves.pop()
        added = [p for p in proposals if p.change.kind == mls.PROPOSAL_ADD]
        for proposal in added:
            if None in self.leaves:
                self.leaves[self.leaves.index(None)] = proposal.user_id
            else:
                self.leaves.append(proposal.user_id)
        return added
