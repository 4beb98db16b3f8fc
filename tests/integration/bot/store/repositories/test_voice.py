"""Voice channels: consent, where to be, minutes."""

import json
import shutil

import pytest

from bot.errors import StoreFailed
from bot.store.records import Consent, Minute, VoiceRoom
from bot.store.repositories import voice as voices
from bot.store.store import Store

GUILD, ANA, BEN = 3, 7, 8


def minute(text: str, *, user_id: int = ANA, channel_id: int = 4, at_ms: int = 1000) -> Minute:
    return Minute(GUILD, channel_id, user_id, "Ana", text, at_ms)


def room(**changes) -> VoiceRoom:
    fields = {
        "guild_id": GUILD,
        "channel_id": 4,
        "attention": "auto",
        "follow_user_id": None,
        "called_by": ANA,
    }
    return VoiceRoom(**fields | changes)


async def test_consent_is_kept_by_server_and_can_be_changed(store):
    assert await store.consents.get(GUILD, [ANA, BEN]) == {}
    await store.consents.set(GUILD, ANA, agreed=True, locale="es-ES", at_ms=5)
    await store.consents.set(GUILD, BEN, agreed=False, locale=None, at_ms=6)
    assert await store.consents.get(GUILD, {ANA, BEN, 9}) == {
        ANA: Consent(ANA, agreed=True, locale="es-ES", at_ms=5),
        BEN: Consent(BEN, agreed=False, locale=None, at_ms=6),
    }
    assert await store.consents.get(GUILD, []) == {}
    assert await store.consents.get(GUILD + 1, [ANA]) == {}
    await store.consents.set(GUILD, ANA, agreed=False, locale="en-US", at_ms=9)
    no = Consent(ANA, agreed=False, locale="en-US", at_ms=9)
    assert await store.consents.get(GUILD, [ANA]) == {ANA: no}
    assert await store.consents.withdraw(GUILD, ANA)
    assert not await store.consents.withdraw(GUILD, ANA)
    assert set(await store.consents.get(GUILD, [ANA, BEN])) == {BEN}


async def test_words_that_are_too_long_are_cut_on_every_database(store):
    await store.consents.set(GUILD, ANA, agreed=True, locale="x" * 17, at_ms=5)
    assert (await store.consents.get(GUILD, [ANA]))[ANA].locale == "x" * 16
    await store.voice_rooms.set(room(attention="y" * 17))
    assert await store.voice_rooms.all() == [room(attention="y" * 16)]


async def test_a_room_is_remembered(store):
    assert await store.voice_rooms.all() == []
    await store.voice_rooms.set(room())
    moved = room(channel_id=5, attention="always", follow_user_id=BEN)
    await store.voice_rooms.set(moved)
    other = room(guild_id=GUILD - 1)
    await store.voice_rooms.set(other)
    assert await store.voice_rooms.all() == [other, moved]
    assert await store.voice_rooms.delete(GUILD)
    assert not await store.voice_rooms.delete(GUILD)
    assert await store.voice_rooms.all() == [other]


async def test_minutes_are_kept_in_order_by_channel(store, monkeypatch):
    monkeypatch.setattr(voices, "MINUTES_LIMIT", 3)
    for number in range(5):
        await store.minutes.add(minute(f"turn {number}"))
    await store.minutes.add(minute("elsewhere", channel_id=5))
    kept = await store.minutes.get(GUILD, 4)
    assert [one.text for one in kept] == ["turn 2", "turn 3", "turn 4"]
    assert kept[0] == minute("turn 2")
    assert await store.minutes.clear(GUILD, 4) == 3
    assert len(await store.minutes.get(GUILD, 5)) == 1


async def test_a_minute_is_bounded(store):
    await store.minutes.add(minute("x\x00" * 10_000))
    (kept,) = await store.minutes.get(GUILD, 4)
    assert set(kept.text) == {"x"}
    assert len(kept.text) <= voices.MINUTE_LIMIT_CHARS


async def test_minutes_come_in_the_order_they_were_said_and_from_a_moment_on(store):
    for text, at_ms in (("second", 20), ("third", 30), ("first", 10)):
        await store.minutes.add(minute(text, at_ms=at_ms))
    kept = await store.minutes.get(GUILD, 4)
    assert [one.text for one in kept] == ["first", "second", "third"]
    assert await store.minutes.get(GUILD, 4, since_ms=20) == kept[1:]


async def test_many_old_minutes_are_pruned_in_steps(store, monkeypatch):
    monkeypatch.setattr("bot.store.database.PRUNE_BATCH", 2)
    for number in range(5):
        await store.minutes.add(minute("old", at_ms=number))
    assert await store.minutes.prune(before_ms=4) == 4
    assert len(await store.minutes.get(GUILD, 4)) == 1


async def test_minutes_are_pruned_with_messages(store, clock):
    now_ms = int(clock.wall() * 1000)
    await store.minutes.add(minute("old", at_ms=now_ms - 31 * 86_400_000))
    await store.minutes.add(minute("new", at_ms=now_ms))
    pruned = await store.prune(message_days=30, job_days=30, ledger_days=400)
    assert pruned.minutes == 1
    assert [one.text for one in await store.minutes.get(GUILD, 4)] == ["new"]


@pytest.fixture
async def talked(store):
    for user_id in (ANA, BEN):
        await store.consents.set(GUILD, user_id, agreed=True, locale="en-US", at_ms=5)
        await store.minutes.add(minute("a quokka", user_id=user_id))
    await store.voice_rooms.set(room())
    await store.voice_rooms.set(room(guild_id=GUILD + 1, called_by=BEN, follow_user_id=9))
    return store


async def test_a_person_gets_theirs(talked):
    document = await talked.privacy.export(ANA)
    assert json.loads(json.dumps(document)) == document
    assert document["consents"] == [
        {
            "guild_id": "3",
            "user_id": "7",
            "agreed": True,
            "locale": "en-US",
            "at": "1970-01-01T00:00:00.005+00:00",
        }
    ]
    assert document["minutes"] == [
        {
            "guild_id": "3",
            "channel_id": "4",
            "user_id": "7",
            "name": "Ana",
            "text": "a quokka",
            "at": "1970-01-01T00:00:01.000+00:00",
        }
    ]
    assert document["voice_rooms"] == [
        {
            "guild_id": "3",
            "channel_id": "4",
            "attention": "auto",
            "follow_user_id": None,
            "called_by": "7",
        }
    ]
    (followed,) = (await talked.privacy.export(9))["voice_rooms"]
    assert followed["follow_user_id"] == "9"


async def test_a_person_is_forgotten(talked):
    gone = await talked.privacy.forget(ANA)
    assert gone.minutes == 1
    assert set(await talked.consents.get(GUILD, [ANA, BEN])) == {BEN}
    assert [one.user_id for one in await talked.minutes.get(GUILD, 4)] == [BEN]
    assert [one.guild_id for one in await talked.voice_rooms.all()] == [GUILD + 1]
    await talked.privacy.forget(9)
    assert await talked.voice_rooms.all() == []


async def test_a_server_is_forgotten(talked):
    await talked.privacy.forget_guild(GUILD)
    assert await talked.consents.get(GUILD, [ANA, BEN]) == {}
    assert len(await talked.minutes.get(GUILD, 4)) == 0
    assert [one.guild_id for one in await talked.voice_rooms.all()] == [GUILD + 1]


async def test_no_forgotten_word_of_a_minute_is_left_on_disk(sqlite_template, tmp_path, clock):
    file = tmp_path / "skydeck.db"
    shutil.copy(sqlite_template, file)
    async with Store.open(f"sqlite:///{file}", clock) as store:
        await store.minutes.add(minute("a quokka"))
        await store.privacy.forget(ANA)
        assert b"quokka" not in b"".join(f.read_bytes() for f in tmp_path.iterdir())


async def test_a_database_that_fails_is_said_so(store, url, execute):
    await execute(url, "ALTER TABLE minutes RENAME TO lost")
    try:
        with pytest.raises(StoreFailed):
            await store.minutes.get(GUILD, 4)
    finally:
        await execute(url, "ALTER TABLE lost RENAME TO minutes")
