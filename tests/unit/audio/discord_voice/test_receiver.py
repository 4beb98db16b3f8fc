"""The whole receive path, with real encryption: who is heard, in what order, and what is lost."""

import random

import pytest

from audio.silence_frames import SILENCE_FRAME
from audio.speech_events import DtxStarted, LostSpeech, SpeechPacket
from local_discord.voice.transport import Mode
from tests.fakes.voice_room import ANA, BEN, BOT, CAT, FRAME_S, Room, speech

OPUS = [frame for frame in speech() if frame not in (None, SILENCE_FRAME)]


def heard(frames, user_id=None):
    return [
        f.opus
        for f in frames
        if isinstance(f, SpeechPacket) and (user_id is None or f.user_id == user_id)
    ]


class Listener:
    """Pulls every 20 ms, as the bot does."""

    def __init__(self, receiver):
        self.receiver = receiver
        self.now = 100.0
        self.frames = []

    def takes(self, *datagrams):
        for data in datagrams:
            self.receiver.receive(data, self.now)

    def waits(self, seconds=FRAME_S):
        got = []
        for _ in range(round(seconds / FRAME_S)):
            self.now += FRAME_S
            got += self.receiver.pull(self.now)
        self.frames += got
        return got


def mapped(room, *people, heard=(ANA, BEN, CAT)):
    receiver = room.receiver(heard)
    for person in people:
        receiver.map_ssrc(person.user_id, person.ssrc)
    return Listener(receiver)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("encrypted", [True, False])
def test_what_is_said_is_heard_word_for_word(mode, encrypted):
    room = Room(mode=mode, encrypted=encrypted)
    ana = room.join(ANA, padded=0.3)
    listener = mapped(room, ana)
    for opus in OPUS[:100]:
        listener.takes(ana.says(opus))
        listener.waits()
    listener.takes(*ana.hushes())
    listener.waits()
    assert heard(listener.frames) == OPUS[:100]
    last = listener.frames[-1]
    assert last == DtxStarted(ANA, 100 * 960, listener.now - FRAME_S)
    health = listener.receiver.health[ANA]
    assert (health.received, health.silent, health.lost, health.waiting) == (105, 5, 0, 0)


def test_packets_in_order_are_not_delayed():
    room = Room()
    ana = room.join(ANA)
    listener = mapped(room, ana)
    for opus in OPUS[:20]:
        listener.takes(ana.says(opus))
        assert heard(listener.receiver.pull(listener.now)) == [opus]


def test_loss_is_named_once_it_cannot_come_any_more():
    room = Room()
    ana = room.join(ANA)
    listener = mapped(room, ana)
    datagrams = [ana.says(opus) for opus in OPUS[:6]]
    listener.takes(*datagrams[:2], *datagrams[4:])
    assert heard(listener.waits(0.04)) == OPUS[:2]
    gap, *rest = listener.waits(0.04)
    assert gap == LostSpeech(ANA, 2 * 960, 2 * 960, packets=2)
    assert heard(rest) == OPUS[4:6]
    listener.takes(datagrams[2])
    listener.waits()
    health = listener.receiver.health[ANA]
    assert (health.lost, health.late, health.concealed) == (2, 1, 2)


def test_somebody_without_consent_is_dropped_before_anything_is_decrypted(monkeypatch):
    room = Room()
    ana, ben = room.join(ANA), room.join(BEN)
    listener = mapped(room, ana, ben, heard=(ANA,))
    opened = []
    transport = listener.receiver._transport
    monkeypatch.setattr(
        type(transport), "open", lambda self, data, rtp: opened.append(rtp.ssrc) or None
    )
    listener.takes(ben.says(OPUS[0]), ana.says(OPUS[1]))
    assert opened == [ana.ssrc]
    assert listener.receiver.totals.without_consent == 1
    assert BEN not in listener.receiver.health
    assert listener.receiver.totals.waiting == 0


def test_an_unknown_stream_waits_for_opcode_5():
    room = Room()
    ana = room.join(ANA)
    listener = Listener(room.receiver(heard=()))
    datagrams = [ana.says(opus) for opus in OPUS[:10]]
    listener.takes(*datagrams)
    assert listener.waits(0.1) == []
    assert listener.receiver.totals.waiting == 10
    listener.receiver._may_hear = {ANA}.__contains__
    listener.receiver.map_ssrc(ANA, ana.ssrc)
    assert heard(listener.waits()) == OPUS[:10]
    assert listener.receiver.totals.waiting == 0


def test_what_waited_of_somebody_without_consent_is_dropped_with_opcode_5():
    room = Room()
    ana, ben = room.join(ANA), room.join(BEN)
    listener = mapped(room, ana, heard=(ANA,))
    listener.takes(*(ben.says(opus) for opus in OPUS[:10]))
    listener.receiver.map_ssrc(BEN, ben.ssrc)
    assert listener.waits(0.1) == []
    totals = listener.receiver.totals
    assert (totals.waiting, totals.without_consent, totals.learned) == (0, 10, 0)


def test_an_unknown_stream_is_given_up_after_two_seconds():
    room = Room()
    ben = room.join(BEN)
    listener = mapped(room, heard=(ANA,))
    listener.takes(*(ben.says(opus) for opus in OPUS[:10]))
    listener.waits(2.1)
    assert (listener.receiver.totals.waiting, listener.receiver.totals.unmapped) == (0, 10)


def test_a_lost_opcode_5_is_learned_from_the_key():
    room = Room()
    ana, ben = room.join(ANA), room.join(BEN)
    listener = mapped(room, ana)
    listener.takes(*(ben.says(opus) for opus in OPUS[:10]))
    frames = listener.waits()
    assert heard(frames, BEN) == OPUS[:10] == heard(frames)
    assert listener.receiver.totals.learned == 1


def test_a_reused_ssrc_finds_its_new_owner():
    room = Room()
    ana = room.join(ANA, ssrc=5)
    listener = mapped(room, ana)
    listener.takes(ana.says(OPUS[0]))
    listener.waits(0.5)
    ben = room.join(BEN, ssrc=5)
    for opus in OPUS[1:10]:
        listener.takes(ben.says(opus))
        listener.waits()
    listener.waits(0.2)
    assert heard(listener.frames, ANA) == OPUS[:1]
    assert heard(listener.frames, BEN) == OPUS[1:10]


def test_frames_that_run_ahead_of_the_epoch_wait_for_the_commit():
    room = Room()
    ana = room.join(ANA)
    listener = mapped(room, ana)
    listener.takes(ana.says(OPUS[0]))
    listener.waits()
    room.behind = True
    room.join(BEN)
    for opus in OPUS[1:10]:
        listener.takes(ana.says(opus))
        assert listener.waits() == []
    assert listener.receiver.health[ANA].undecryptable_in_a_row == 9
    room.catch_up()
    assert heard(listener.waits()) == OPUS[1:10]
    health = listener.receiver.health[ANA]
    assert (health.undecryptable, health.undecryptable_in_a_row) == (0, 0)


def test_frames_without_a_key_are_given_up_after_a_second():
    room = Room()
    ana = room.join(ANA)
    listener = mapped(room, ana)
    room.behind = True
    room.join(BEN)
    listener.takes(ana.says(OPUS[0]), ana.says(OPUS[1]))
    frames = listener.waits(1.1)
    assert [type(frame) for frame in frames] == [LostSpeech, LostSpeech, DtxStarted]
    health = listener.receiver.health[ANA]
    assert (health.undecryptable, health.undecryptable_in_a_row, health.waiting) == (2, 2, 0)


def test_one_damaged_frame_holds_nobody_up():
    room = Room()
    ana = room.join(ANA)
    listener = mapped(room, ana)
    bad = bytearray(ana.encrypted(OPUS[0]))
    bad[3] ^= 1
    listener.takes(ana.sends(bytes(bad)))
    assert listener.waits() == []
    listener.takes(ana.says(OPUS[1]), ana.says(OPUS[2]))
    frames = listener.waits()
    assert isinstance(frames[0], LostSpeech)
    assert heard(frames) == OPUS[1:3]


def test_a_frame_in_the_clear_is_not_believed_in_an_encrypted_call():
    room = Room()
    ana = room.join(ANA)
    listener = mapped(room, ana)
    listener.takes(ana.sends(OPUS[0]))
    (frame,) = listener.waits()
    assert isinstance(frame, LostSpeech)


def test_video_and_other_traffic_is_not_voice():
    room = Room()
    ana = room.join(ANA)
    listener = mapped(room, ana)
    camera = type(ana.stream)(4711, seed=1)
    listener.receiver.ignore_ssrc(4711)
    listener.takes(
        room.transport.seal(camera.video(b"x" * 900, 0)),
        room.transport.seal(camera.voice(b"x" * 90, 0, 0)),
        room.transport.seal(ana.stream.report()),
        b"\0\2\0\x46" + bytes(70),
        bytes(8),
    )
    assert listener.waits() == []
    assert (listener.receiver.totals.not_voice, listener.receiver.totals.waiting) == (5, 0)


def test_forgetting_somebody_leaves_nothing_of_theirs():
    room = Room()
    ana, ben = room.join(ANA), room.join(BEN)
    listener = mapped(room, ana, ben)
    listener.takes(ana.says(OPUS[0]), ben.says(OPUS[1]))
    listener.receiver.forget(ANA)
    frames = listener.waits()
    assert heard(frames) == [OPUS[1]]
    assert list(listener.receiver.health) == [BEN]


def test_forgetting_somebody_drops_what_could_be_theirs():
    room = Room()
    ana = room.join(ANA)
    listener = Listener(room.receiver(heard=(BEN,)))
    listener.takes(ana.says(OPUS[0]))
    listener.receiver.forget(ANA)
    assert listener.receiver.totals.waiting == 0


def test_withdrawn_consent_counts_even_when_nobody_says_so():
    room = Room()
    ana = room.join(ANA)
    agreed = {ANA}
    listener = mapped(room, ana)
    listener.receiver._may_hear = agreed.__contains__
    listener.takes(ana.says(OPUS[0]))
    agreed.clear()
    assert listener.waits() == []
    assert not listener.receiver.health


def test_who_leaves_in_mid_speech_is_heard_out():
    room = Room()
    ana = room.join(ANA)
    listener = mapped(room, ana)
    first, _, third = (ana.says(opus) for opus in OPUS[:3])
    listener.takes(first, third)
    listener.receiver.user_left(ANA)
    frames = listener.waits()
    assert [type(f) for f in frames] == [SpeechPacket, LostSpeech, SpeechPacket, DtxStarted]
    assert not listener.receiver.health


def test_another_server_counts_its_streams_anew():
    room = Room(encrypted=False)
    ana, ben = room.join(ANA, ssrc=5), room.join(BEN, ssrc=5)
    listener = mapped(room, ana)
    listener.takes(ana.says(OPUS[0]))
    room.transport = type(room.transport)(room.mode, bytes(32))
    listener.receiver.set_transport_key(room.mode, bytes(32))
    listener.takes(ben.says(OPUS[1]))  # a stale number must not pass Ben off as Ana
    assert heard(listener.waits()) == OPUS[:1]
    assert listener.receiver.totals.waiting == 1


def test_numbers_told_before_the_key_are_kept():
    room = Room()
    ana = room.join(ANA)
    receiver = room.receiver()
    receiver.server_ready()
    receiver.map_ssrc(ANA, ana.ssrc)
    receiver.set_transport_key(room.mode, room.key)
    listener = Listener(receiver)
    listener.takes(ana.says(OPUS[0]))
    assert receiver.totals.learned == 0
    assert heard(listener.waits()) == OPUS[:1]


def test_a_wrong_transport_key_is_seen_in_the_totals():
    room = Room()
    ana = room.join(ANA)
    listener = mapped(room, ana)
    listener.receiver.set_transport_key("aead_xchacha20_poly1305_rtpsize", bytes(32))
    listener.receiver.map_ssrc(ANA, ana.ssrc)
    listener.takes(*(ana.says(opus) for opus in OPUS[:75]))
    assert listener.receiver.totals.transport_errors_in_a_row == 75
    listener.receiver.set_transport_key("no_such_mode", bytes(32))
    listener.receiver.map_ssrc(ANA, ana.ssrc)
    listener.takes(ana.says(OPUS[0]))
    assert listener.receiver.totals.transport_errors == 76


def test_the_bot_does_not_hear_itself():
    room = Room()
    room.join(ANA)
    listener = mapped(room)
    me = room.members[BOT]
    stream = type(room.join(CAT).stream)(9, seed=1)
    listener.takes(room.transport.seal(stream.voice(me.encrypt(OPUS[0]), 0, 0)))
    assert listener.waits(0.2) == []


def test_a_tenth_lost_and_the_rest_reordered():
    room = Room()
    ana = room.join(ANA, padded=0.04)
    listener, dice = mapped(room, ana), random.Random(7)
    arrivals = [(number * FRAME_S, number, ana.says(opus)) for number, opus in enumerate(OPUS)]
    lost = set(dice.sample(range(1, len(OPUS) - 1), len(OPUS) // 10))
    arrivals = sorted(
        (at + dice.random() * 0.035 * (number > 0), number, data)
        for at, number, data in arrivals
        if number not in lost
    )
    listener.now = 0.0
    for at, _, data in arrivals:
        while listener.now + FRAME_S <= at:
            listener.waits()
        listener.receiver.receive(data, at)
    listener.waits(0.3)
    assert heard(listener.frames) == [opus for i, opus in enumerate(OPUS) if i not in lost]
    missing = [frame for frame in listener.frames if isinstance(frame, LostSpeech)]
    assert sum(frame.samples for frame in missing) == len(lost) * 960
    health = listener.receiver.health[ANA]
    assert (health.lost, health.concealed, health.late) == (len(lost), len(lost), 0)
    assert health.loss == pytest.approx(len(lost) / len(OPUS))


def test_nothing_is_lost_while_people_come_and_go():
    room = Room()
    ana = room.join(ANA)
    listener = mapped(room, ana)
    for number, opus in enumerate(OPUS[:200]):
        if number % 40 == 20:  # the bot learns of each epoch three packets later than Ana does
            room.behind = True
            room.join(BEN) if number % 80 == 20 else room.leave(BEN)
        elif number % 40 == 23:
            room.catch_up()
        listener.takes(ana.says(opus))
        listener.waits()
    listener.waits()
    assert heard(listener.frames) == OPUS[:200]
    assert listener.receiver.health[ANA].undecryptable == 0


def test_at_rest_time_alone_brings_nothing():
    """So whoever pulls may sleep until the next datagram."""
    room, random_ = Room(), random.Random(3)
    ana, ben = room.join(ANA), room.join(BEN)
    listener = mapped(room, ana)  # Ben's stream has no known sender at first
    assert listener.receiver.is_at_rest
    rests = 0
    for number, opus in enumerate(OPUS[:300]):
        said = [*([ana.says(opus)] if random_.random() < 0.8 else []), ben.says(opus)]
        listener.takes(*(one for one in said if random_.random() < 0.9))
        assert not listener.receiver.is_at_rest
        listener.waits()
        if number % 60 == 59:
            listener.takes(*ana.hushes(), *ben.hushes())
            while not listener.receiver.is_at_rest:
                listener.waits()
            assert listener.waits(5.0) == []
            rests += 1
    assert rests == 5
    assert listener.receiver.totals.waiting == 0


def test_who_leaves_in_mid_speech_is_no_rest():
    room = Room()
    ana = room.join(ANA)
    listener = mapped(room, ana)
    listener.takes(ana.says(OPUS[0]))
    listener.waits()
    assert not listener.receiver.is_at_rest  # the gap after it is yet to be noticed
    listener.receiver.user_left(ANA)
    assert not listener.receiver.is_at_rest
    listener.waits()
    assert listener.receiver.is_at_rest
