"""One call: who is in a voice channel on one voice server, and how their keys change together."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from local_discord.values import Channel, Json

from .group import DaveGroup, Delivery
from .member import PROTOCOL_VERSION
from .mls import MalformedError
from .opcodes import Op
from .transport import Datagram

EVERYBODY_READY_S = 2.0
"""How long a transition waits for those who do not say that they are ready."""

Complain = Callable[[str], None]

_ssrcs = itertools.count(2_001)


def new_ssrc() -> int:
    """An ssrc that nobody else has."""
    return next(_ssrcs)


class Participant(Protocol):
    """Anybody in a call: the bot's session, or a speaker."""

    @property
    def user_id(self) -> int:
        """Whose."""

    @property
    def ssrc(self) -> int:
        """Of their voice."""

    def tell(self, op: Op, data: Json) -> None:
        """Send a JSON message."""

    def tell_binary(self, op: Op, payload: bytes) -> None:
        """Send a binary message."""

    def hear(self, datagram: Datagram) -> None:
        """Send somebody else's packet."""


@dataclass(slots=True)
class _Transition:
    id: int
    waiting: set[int]
    timer: asyncio.TimerHandle | None = None
    done: list[Callable[[], None]] = field(default_factory=list)


class Call:
    """A media session with its DAVE group.

    Args:
        channel: Where.
        complain: Takes what a participant did wrong.
    """

    def __init__(self, channel: Channel, complain: Complain) -> None:
        self.channel = channel
        self.group = DaveGroup(channel.id)
        self.participants: dict[int, Participant] = {}
        self.changed: Callable[[], None] = lambda: None
        """Called after everything that may have changed who understands whom."""
        self._complain = complain
        self._transitions: dict[int, _Transition] = {}

    # --- coming and going ----------------------------------------------------------------------

    def join(self, one: Participant) -> None:
        """Somebody is connected: all are told, and they are told of the others."""
        if (before := self.participants.get(one.user_id)) is not None:
            self.leave(before)
        others = list(self.participants.values())
        self.participants[one.user_id] = one
        for other in others:
            other.tell(Op.CLIENTS_CONNECT, {"user_ids": [str(one.user_id)]})
            self._introduce(one, other)
        if others:
            one.tell(Op.CLIENTS_CONNECT, {"user_ids": [str(o.user_id) for o in others]})
        for other in others:
            self._introduce(other, one)
        one.tell_binary(Op.MLS_EXTERNAL_SENDER, self.group.sender.package)

    @staticmethod
    def _introduce(one: Participant, to: Participant) -> None:
        to.tell(Op.CLIENT_FLAGS, {"user_id": str(one.user_id), "flags": 2})
        to.tell(Op.CLIENT_PLATFORM, {"user_id": str(one.user_id), "platform": 0})

    def leave(self, one: Participant) -> None:
        """Somebody is gone: their key is taken out of the group."""
        if self.participants.get(one.user_id) is not one:
            return
        del self.participants[one.user_id]
        for other in self.participants.values():
            other.tell(Op.CLIENT_DISCONNECT, {"user_id": str(one.user_id)})
        staying = [u for u in self.group.members if u in self.participants]
        alone = len(self.participants) <= 1
        if self.group.established and (alone or not staying):
            self.begin_again()
        else:
            self._deliver(self.group.leave(one.user_id))
        for transition in list(self._transitions.values()):
            self._answered(transition, one.user_id)

    def begin_again(self) -> None:
        """A new group for those who are there; whoever is left alone gets one."""
        self.group.reset()
        for transition in self._transitions.values():
            if transition.timer is not None:
                transition.timer.cancel()
        self._transitions.clear()
        for one in self.participants.values():
            epoch = {"protocol_version": PROTOCOL_VERSION, "epoch": 1}
            one.tell(Op.PREPARE_EPOCH, epoch)
            now = {"protocol_version": PROTOCOL_VERSION, "transition_id": 0}
            one.tell(Op.PREPARE_TRANSITION, now)

    def end(self) -> None:
        """Stop all timers."""
        for transition in self._transitions.values():
            if transition.timer is not None:
                transition.timer.cancel()
        self._transitions.clear()
        self.participants.clear()

    # --- what participants send ----------------------------------------------------------------

    def take(self, one: Participant, op: Op, data: Json) -> None:
        """A JSON message of the DAVE protocol."""
        if op is Op.TRANSITION_READY:
            transition = self._transitions.get(int(data["transition_id"]))
            if transition is not None:
                self._answered(transition, one.user_id)
        # An invalid commit (31) asks for nothing by itself: a new key package follows it.

    def take_binary(self, one: Participant, op: Op, payload: bytes) -> None:
        """A binary message of the DAVE protocol."""
        if self.participants.get(one.user_id) is not one:
            return
        try:
            if op is Op.MLS_KEY_PACKAGE:
                self._deliver(self.group.key_package(one.user_id, payload))
            else:
                self._commit(one, payload)
        except MalformedError as error:
            self._complain(f"opcode {int(op)}: {error}")

    def _commit(self, one: Participant, payload: bytes) -> None:
        out = self.group.commit(one.user_id, payload)
        if not out:
            return
        loop = asyncio.get_running_loop()
        waiting = {d.user_id for d in out} & set(self.participants)
        transition = _Transition(self.group.transition_id, waiting)
        transition.timer = loop.call_later(EVERYBODY_READY_S, self._execute, transition)
        self._transitions[transition.id] = transition
        self._deliver(out)

    def _answered(self, transition: _Transition, user_id: int) -> None:
        transition.waiting.discard(user_id)
        if not transition.waiting:
            self._execute(transition)

    def _execute(self, transition: _Transition) -> None:
        if self._transitions.pop(transition.id, None) is None:
            return
        if transition.timer is not None:
            transition.timer.cancel()
        for one in list(self.participants.values()):
            if one.user_id in self.group.members:
                one.tell(Op.EXECUTE_TRANSITION, {"transition_id": transition.id})
        self.changed()

    def _deliver(self, out: list[Delivery]) -> None:
        for delivery in out:
            if (one := self.participants.get(delivery.user_id)) is not None:
                one.tell_binary(delivery.op, delivery.payload)

    # --- media ---------------------------------------------------------------------------------

    def speaking(self, one: Participant, flags: int) -> None:
        """Tell the others that somebody speaks, and with which ssrc."""
        data = {"speaking": flags, "ssrc": one.ssrc, "user_id": str(one.user_id)}
        self.tell_others(one, Op.SPEAKING, data)

    def tell_others(self, one: Participant, op: Op, data: Json) -> None:
        """Tell all but one."""
        for other in list(self.participants.values()):
            if other is not one:
                other.tell(op, data)

    def forward(self, one: Participant, datagram: Datagram) -> None:
        """Send somebody's packet to the others."""
        for other in list(self.participants.values()):
            if other is not one:
                other.hear(datagram)
