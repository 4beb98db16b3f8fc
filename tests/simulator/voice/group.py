"""DAVE's delivery service: what Discord's voice gateway does for the MLS group of one call.

Pure state: every method takes what a member sent and gives what is to be sent to whom. It follows
the DAVE protocol's rules: a member is never sent its own Add; the first commit of an epoch that
covers all proposals wins, and the others are dropped; whoever could not follow is removed and added
anew in one commit.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

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
class Proposal:
    """A proposal of the present epoch."""

    kind: int
    user_id: int
    ref: bytes
    message: bytes
    key_package: bytes = b""
    leaf: int = -1


def appended(proposals: list[Proposal]) -> bytes:
    """The body of opcode 27 that tells new proposals."""
    return APPEND + mls.vector(b"".join(p.message for p in proposals))


def revoked(proposal: Proposal) -> bytes:
    """The body of opcode 27 that takes one back."""
    return REVOKE + mls.vector(mls.vector(proposal.ref))


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
        self._key_packages: dict[int, bytes] = {}
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
        out = self._revoke_add(user_id)
        if not self.established:
            return out + self._offer(user_id, key_package)
        proposals = []
        if user_id in self.leaves and not self._removal(user_id):
            proposals.append(self._propose_remove(user_id))
        proposals.append(self._propose_add(user_id, key_package))
        others = [u for u in self.members if u != user_id]
        return out + self._tell(others, appended(proposals))

    def _offer(self, user_id: int, key_package: bytes) -> list[Delivery]:
        """Before there is a group, each is told the Adds of all the others."""
        before = list(self._proposals)
        out = self._tell([user_id], appended(before)) if before else []
        others = list(self._key_packages)
        self._key_packages[user_id] = key_package
        return out + self._tell(others, appended([self._propose_add(user_id, key_package)]))

    def leave(self, user_id: int) -> list[Delivery]:
        """Somebody is gone."""
        out = self._revoke_add(user_id)
        self._key_packages.pop(user_id, None)
        if user_id in self.leaves and not self._removal(user_id):
            others = [u for u in self.members if u != user_id]
            out += self._tell(others, appended([self._propose_remove(user_id)]))
        return out

    def _removal(self, user_id: int) -> bool:
        return any(p.kind == mls.PROPOSAL_REMOVE and p.user_id == user_id for p in self._proposals)

    def _revoke_add(self, user_id: int) -> list[Delivery]:
        mine = [p for p in self._proposals if p.kind == mls.PROPOSAL_ADD and p.user_id == user_id]
        self._key_packages.pop(user_id, None)
        told = [u for u in (self.members or self._key_packages) if u != user_id]
        out = []
        for proposal in mine:
            self._proposals.remove(proposal)
            out += self._tell(told, revoked(proposal))
        return out

    def _propose_add(self, user_id: int, key_package: bytes) -> Proposal:
        message, ref = self.sender.propose(self._id, self.epoch, mls.add(key_package))
        proposal = Proposal(mls.PROPOSAL_ADD, user_id, ref, message, key_package)
        self._proposals.append(proposal)
        return proposal

    def _propose_remove(self, user_id: int) -> Proposal:
        leaf = self.leaves.index(user_id)
        message, ref = self.sender.propose(self._id, self.epoch, mls.remove(leaf))
        proposal = Proposal(mls.PROPOSAL_REMOVE, user_id, ref, message, leaf=leaf)
        self._proposals.append(proposal)
        return proposal

    @staticmethod
    def _tell(users: list[int], body: bytes) -> list[Delivery]:
        return [Delivery(user, Op.MLS_PROPOSALS, body) for user in users]

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
                if (ref := mls.key_package_ref(p.key_package)) in welcomes
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
            self._key_packages.pop(user_id, None)
        for proposal in proposals:
            if proposal.kind == mls.PROPOSAL_REMOVE:
                self.leaves[proposal.leaf] = None
        while self.leaves and self.leaves[-1] is None:
            self.leaves.pop()
        added = [p for p in proposals if p.kind == mls.PROPOSAL_ADD]
        for proposal in added:
            self._key_packages.pop(proposal.user_id, None)
            if None in self.leaves:
                self.leaves[self.leaves.index(None)] = proposal.user_id
            else:
                self.leaves.append(proposal.user_id)
        return added
