"""One Discord client's end-to-end encryption: the other side of `group.py`, on a davey session.

It differs from discord.py's handling in one point, on purpose: Discord's own clients go on to send
with the old key until the gateway says that everybody is ready (opcode 22). davey changes keys as
soon as it is given a commit, so here a commit waits for that opcode.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from dataclasses import dataclass, field

import davey

from local_discord.values import Json

from .opcodes import Op

PROTOCOL_VERSION = 1
SILENCE = b"\xf8\xff\xfe"
"""20 ms of Opus silence; it is never encrypted end to end."""
MARKER = b"\xfa\xfa"
"""The end of every frame that is."""
UNDERSTOOD_MAX = 64
"""How many frames are kept that were understood: more than a second's."""

Answer = tuple[Op, Json | bytes]


@dataclass(slots=True)
class _Waiting:
    transition_id: int
    op: Op
    message: bytes


@dataclass(slots=True)
class DaveMember:
    """One client's membership in a call's group.

    Attributes:
        user_id: Whose.
        channel_id: The call's channel.
        early: Change keys with the commit, as discord.py does, and not with opcode 22.
    """

    user_id: int
    channel_id: int
    early: bool = False
    session: davey.DaveSession = field(init=False)
    _waiting: _Waiting | None = None
    _silent_until: int = 0
    """The transition with which a newcomer may begin to send; 0 when they may."""
    _understood: OrderedDict[bytes, bytes] = field(default_factory=OrderedDict)
    """A session opens a frame once only, but the line records what the same client plays."""

    def __post_init__(self) -> None:
        self.session = davey.DaveSession(PROTOCOL_VERSION, self.user_id, self.channel_id)

    @property
    def ready(self) -> bool:
        """Whether what they send is encrypted and can be understood by the others."""
        return self.session.ready and not self._silent_until

    # --- what the gateway says -----------------------------------------------------------------

    def told(self, op: Op, data: Json) -> list[Answer]:
        """Take a JSON message; the answers to it."""
        if op is Op.EXECUTE_TRANSITION:
            self._execute(int(data["transition_id"]))
        elif op is Op.PREPARE_TRANSITION and int(data["transition_id"]):
            return [(Op.TRANSITION_READY, {"transition_id": data["transition_id"]})]
        elif op is Op.PREPARE_EPOCH and int(data["epoch"]) == 1:
            return [self._begin_again()]
        return []

    def told_binary(self, op: Op, payload: bytes) -> list[Answer]:
        """Take a binary message; the answers to it."""
        if op is Op.MLS_EXTERNAL_SENDER:
            self.session.set_external_sender(payload)
            return [(Op.MLS_KEY_PACKAGE, self.session.get_serialized_key_package())]
        if op is Op.MLS_PROPOSALS:
            return self._propose(payload)
        (transition_id,) = struct.unpack_from(">H", payload)
        self._waiting = _Waiting(transition_id, op, payload[2:])
        welcomed = op is Op.MLS_WELCOME
        if welcomed:
            self._silent_until = 0 if self.early else transition_id
        if (welcomed or self.early or not transition_id) and not self._apply():
            return self._recover(transition_id)
        return [(Op.TRANSITION_READY, {"transition_id": transition_id})] if transition_id else []

    def _propose(self, payload: bytes) -> list[Answer]:
        self._apply()  # the next epoch has begun; nothing waits any longer
        kinds = davey.ProposalsOperationType
        kind = kinds.revoke if payload[0] else kinds.append
        try:
            answer = self.session.process_proposals(kind, payload[1:])
        except ValueError:
            return self._recover(0)
        if answer is None:
            return []
        return [(Op.MLS_COMMIT_WELCOME, answer.commit + (answer.welcome or b""))]

    def _execute(self, transition_id: int) -> None:
        if self._waiting is not None and self._waiting.transition_id == transition_id:
            self._apply()
        if transition_id >= self._silent_until:
            self._silent_until = 0

    def _apply(self) -> bool:
        waiting, self._waiting = self._waiting, None
        if waiting is None:
            return True
        try:
            if waiting.op is Op.MLS_WELCOME:
                self.session.process_welcome(waiting.message)
            else:
                self.session.process_commit(waiting.message)
        except ValueError:
            return False
        return True

    def _recover(self, transition_id: int) -> list[Answer]:
        return [(Op.MLS_INVALID_COMMIT, {"transition_id": transition_id}), self._begin_again()]

    def _begin_again(self) -> Answer:
        self._waiting, self._silent_until = None, 0
        self.session.reinit(PROTOCOL_VERSION, self.user_id, self.channel_id)
        return Op.MLS_KEY_PACKAGE, self.session.get_serialized_key_package()

    # --- media ---------------------------------------------------------------------------------

    def encrypt(self, opus: bytes) -> bytes | None:
        """A frame as it is sent; None while it could not be sent safely."""
        if opus == SILENCE:
            return opus
        return self.session.encrypt_opus(opus) if self.ready else None

    def decrypt(self, sender_id: int, frame: bytes) -> bytes | None:
        """Somebody's frame; None when it cannot be understood (yet)."""
        if frame == SILENCE:
            return frame
        if (known := self._understood.get(frame)) is not None:
            return known
        try:
            opus = bytes(self.session.decrypt(sender_id, davey.MediaType.audio, frame))
        except ValueError:
            return None
        self._understood[frame] = opus
        if len(self._understood) > UNDERSTOOD_MAX:
            self._understood.popitem(last=False)
        return opus
