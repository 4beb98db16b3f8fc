"""End-to-end encryption with real davey sessions: every way in which a frame stays sealed."""

import pytest

from audio.discord_voice.dave import Dave, DecryptFailure
from tests.fakes.voice_room import ANA, BEN, BOT, CAT, Room, speech

OPUS = [frame for frame in speech() if frame is not None]


@pytest.fixture
def room():
    return Room()


@pytest.fixture
def ana(room):
    return room.join(ANA)


@pytest.fixture
def dave(room, ana):
    dave = Dave()
    dave.use(room.bot.session, 1)
    return dave


def test_a_frame_is_opened_once(dave, ana):
    frame = ana.encrypted(OPUS[0])
    assert dave.open(ANA, frame) == OPUS[0]
    assert dave.open(ANA, frame) is DecryptFailure.TOO_EARLY


def test_who_may_come_yet(dave, ana, room):
    assert dave.open(BEN, ana.encrypted(OPUS[0])) is DecryptFailure.TOO_EARLY
    room.behind = True
    room.join(BEN)
    frame = ana.encrypted(OPUS[0])
    assert dave.open(ANA, frame) is DecryptFailure.TOO_EARLY
    room.catch_up()
    assert dave.open(ANA, frame) == OPUS[0]


def test_what_is_in_the_clear_is_not_believed(dave):
    assert dave.open(ANA, OPUS[0]) is DecryptFailure.UNENCRYPTED


def test_padding_left_on_would_be_seen(dave, ana):
    assert dave.open(ANA, ana.encrypted(OPUS[0]) + b"\0\2") is DecryptFailure.UNENCRYPTED


def test_before_there_is_a_session_or_a_group_everything_waits(room, ana):
    dave = Dave()
    frame = ana.encrypted(OPUS[0])
    assert dave.open(ANA, frame) is DecryptFailure.TOO_EARLY
    assert dave.members() == []
    dave.use(None, 1)
    assert dave.open(ANA, frame) is DecryptFailure.TOO_EARLY
    empty = type(room.bot)(BOT, 1).session
    dave.use(empty, 1)
    assert dave.open(ANA, frame) is DecryptFailure.TOO_EARLY
    assert dave.members() == []


def test_passthrough_makes_nobody_the_sender_of_what_it_cannot_open(dave, ana, room):
    ben = room.join(BEN)
    room.bot.session.set_passthrough_mode(True)
    frame = ben.encrypted(OPUS[0])
    assert dave.open(ANA, frame) is DecryptFailure.TOO_EARLY
    assert dave.identify_sender(frame, [ANA]) is None
    assert dave.identify_sender(frame, [ANA, BEN]) == (BEN, OPUS[0])
    assert dave.open(ANA, OPUS[1]) == OPUS[1]


def test_a_call_that_is_not_encrypted(room, ana):
    dave = Dave()
    dave.use(None, 0)
    assert dave.open(ANA, OPUS[0]) == OPUS[0]
    assert dave.open(ANA, ana.encrypted(OPUS[0])) is DecryptFailure.TOO_EARLY
    assert dave.identify_sender(OPUS[0], [ANA]) is None


def test_the_sender_is_found_by_the_key(dave, ana, room):
    ben = room.join(BEN)
    assert sorted(dave.members()) == [BOT, ANA, BEN]
    assert dave.identify_sender(ben.encrypted(OPUS[0]), [BOT, ANA, CAT, BEN]) == (BEN, OPUS[0])
    assert dave.identify_sender(ben.encrypted(OPUS[0]), [ANA]) is None
    assert dave.identify_sender(OPUS[0], [ANA, BEN]) is None


class Failing:
    """A session that fails in other ways."""

    ready = True

    def __init__(self, error):
        self.error = error

    def get_user_ids(self):
        return ["101"]

    def decrypt(self, user_id, media_type, packet):
        raise self.error


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ValueError("Failed to decrypt: DecryptionFailed(SomethingNew)"), DecryptFailure.BROKEN),
        (RuntimeError("Already mutably borrowed"), DecryptFailure.TOO_EARLY),
    ],
)
def test_other_failures(error, why):
    dave = Dave()
    dave.use(Failing(error), 1)
    assert dave.open(ANA, b"frame\xfa\xfa") is why
