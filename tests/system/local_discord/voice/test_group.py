"""The delivery service with real DAVE sessions at its other end, without a network."""

# mypy: ignore-errors

import itertools
import random

import pytest

from local_discord.voice import mls
from local_discord.voice.group import DaveGroup
from local_discord.voice.member import DaveMember
from local_discord.voice.opcodes import Op

CHANNEL = 999_888_777_666_555_444


class Everybody:
    """Members and their gateway; messages wait until they are carried."""

    def __init__(self, seed=0):
        self.group = DaveGroup(CHANNEL)
        self.members = {}
        self.waiting = []
        self.dice = random.Random(seed)

    def joins(self, user_id):
        member = self.members[user_id] = DaveMember(user_id, CHANNEL, early=True)
        self.answers(user_id, member.told_binary(Op.MLS_EXTERNAL_SENDER, self.group.sender.package))

    def leaves(self, user_id):
        del self.members[user_id]
        self.waiting += self.group.leave(user_id)

    def answers(self, user_id, answers):
        for op, body in answers:
            if op is Op.MLS_KEY_PACKAGE:
                self.waiting += self.group.key_package(user_id, body)
            elif op is Op.MLS_COMMIT_WELCOME:
                self.waiting += self.group.commit(user_id, body)

    def carry(self):
        """Carry all messages: anybody's first, but each one's own in order."""
        while self.waiting:
            whose = self.dice.choice([d.user_id for d in self.waiting])
            delivery = next(d for d in self.waiting if d.user_id == whose)
            self.waiting.remove(delivery)
            if (member := self.members.get(whose)) is not None:
                self.answers(whose, member.told_binary(delivery.op, delivery.payload))

    def understand_each_other(self):
        for a, b in itertools.permutations(self.members.values(), 2):
            frame = self.dice.randbytes(90)
            assert b.decrypt(a.user_id, a.encrypt(frame)) == frame
        return len({m.session.voice_privacy_code for m in self.members.values()}) == 1


@pytest.mark.parametrize("seed", range(3))
def test_ten_join_at_once(seed):
    all_ = Everybody(seed)
    for user_id in range(1, 11):
        all_.joins(user_id)
    all_.carry()
    assert all_.understand_each_other()
    assert sorted(all_.group.members) == list(range(1, 11))


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_comings_and_goings(seed):
    all_ = Everybody(seed)
    for user_id in (1, 2, 3):
        all_.joins(user_id)
    all_.carry()
    for round_ in range(12):
        coming = 10 + round_
        all_.joins(coming)
        if all_.dice.random() < 0.5:
            all_.carry()
        all_.leaves(all_.dice.choice([u for u in all_.members if u != coming]))
        all_.carry()
        assert all_.understand_each_other()


def test_whoever_cannot_follow_is_added_anew_in_one_commit():
    all_ = Everybody()
    for user_id in (1, 2, 3):
        all_.joins(user_id)
    all_.carry()
    epoch = all_.group.epoch
    lost = all_.members[2]
    all_.answers(2, lost.told_binary(Op.MLS_ANNOUNCE_COMMIT, b"\x00\x09garbage"))
    all_.carry()
    assert all_.group.epoch == epoch + 1
    assert all_.understand_each_other()


def test_whoever_comes_back_before_their_removal_is_added_anew():
    all_ = Everybody()
    for user_id in (1, 2, 3):
        all_.joins(user_id)
    all_.carry()
    all_.leaves(2)
    all_.joins(2)
    all_.carry()
    assert all_.understand_each_other()


def test_whoever_left_does_not_understand_what_comes_after():
    all_ = Everybody()
    for user_id in (1, 2, 3):
        all_.joins(user_id)
    all_.carry()
    gone = all_.members[3]
    all_.leaves(3)
    all_.carry()
    assert gone.decrypt(1, all_.members[1].encrypt(b"a secret of those who stayed")) is None


def test_the_second_commit_of_an_epoch_does_not_count():
    all_ = Everybody()
    all_.joins(1)
    all_.joins(2)
    first, second = all_.waiting
    all_.waiting = []
    [(_, one)] = all_.members[first.user_id].told_binary(first.op, first.payload)
    [(_, two)] = all_.members[second.user_id].told_binary(second.op, second.payload)
    assert {d.op for d in all_.group.commit(first.user_id, one)} == {
        Op.MLS_ANNOUNCE_COMMIT,
        Op.MLS_WELCOME,
    }
    assert all_.group.commit(second.user_id, two) == []


def test_a_key_package_of_somebody_else_or_damaged_is_refused():
    group = DaveGroup(CHANNEL)
    key_package = DaveMember(1, CHANNEL).session.get_serialized_key_package()
    mls.check_key_package(key_package, 1)
    with pytest.raises(mls.MalformedError, match="another user"):
        group.key_package(2, key_package)
    damaged = key_package[:-1] + bytes([key_package[-1] ^ 1])
    with pytest.raises(mls.MalformedError):
        group.key_package(1, damaged)


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_half_a_commit_is_refused(cut):
    all_ = Everybody()
    all_.joins(1)
    all_.joins(2)
    delivery = all_.waiting[0]
    [(_, data)] = all_.members[delivery.user_id].told_binary(delivery.op, delivery.payload)
    with pytest.raises(mls.MalformedError):
        mls.split_commit(data[:cut])


@pytest.mark.parametrize("size", [0, 63, 64, 16_383, 16_384])
def test_vectors_of_every_length_are_read_back(size):
    data = bytes(size)
    reader = mls.Reader(mls.vector(data))
    assert reader.vector() == data
    assert reader.done


def test_keys_change_with_opcode_22_and_not_before():
    all_ = Everybody()
    all_.joins(1)
    all_.joins(2)
    all_.carry()
    ana = all_.members[1]
    ana.early = False
    all_.joins(3)
    all_.carry()
    epoch = ana.session.epoch
    assert all_.members[2].session.epoch == epoch + 1
    frame = ana.encrypt(b"with the old key")
    assert all_.members[2].decrypt(1, frame) == b"with the old key"
    ana.told(Op.EXECUTE_TRANSITION, {"transition_id": all_.group.transition_id})
    assert ana.session.epoch == epoch + 1
    assert all_.understand_each_other()
