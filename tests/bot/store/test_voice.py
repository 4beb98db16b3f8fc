"""Voice channels: consent, where to be, minutes."""

import json

import pytest

from bot.store import Consent, Minute, VoiceRoom
from bot.store import voice as voices

GUILD, ANA, BEN = 3, 7, 8


def minute(text: str, *, user_id: int = ANA, channel_id: int = 4, at_ms: int = 1000) -> Minute:
    return Minute(GUILD, channel_id, user_id, "Ana", text, at_ms)


async def test_consent_is_kept_by_server_and_can_be_changed(store):
    assert await store.consents.get(GUILD, [ANA, BEN]) == {}
    yes = Consent(ANA, agreed=True, locale="es-ES", at_ms=5)
    await store.consents.set(GUILD, yes)
    await store.consents.set(GUILD, Consent(BEN, agreed=False, locale=None, at_ms=6))
    assert (await store.consents.get(GUILD, [ANA, BEN]))[ANA] == yes
    assert await store.consents.get(GUILD + 1, [ANA]) == {}
    no = Consent(ANA, agreed=False, locale="en-US", at_ms=9)
    await store.consents.set(GUILD, no)
    assert await store.consents.get(GUILD, [ANA]) == {ANA: no}
    assert await store.consents.withdraw(GUILD, ANA)
    assert not await store.consents.withdraw(GUILD, ANA)
    assert set(await store.consents.get(GUILD, [ANA, BEN])) == {BEN}


async def test_a_room_is_remembered(store):
    room = VoiceRoom(GUILD, 4, "auto", ANA)
    await store.voice_rooms.set(room)
    moved = VoiceRoom(GUILD, 5, "always", ANA, BEN)
    await store.voice_rooms.set(moved)
    assert await store.voice_rooms.all() == [moved]
    assert await store.voice_rooms.delete(GUILD)
    assert not await store.voice_rooms.delete(GUILD)


async def test_minutes_are_kept_in_order_by_channel(store, monkeypatch):
    monkeypatch.setattr(voices, "MINUTES_LIMIT", 3)
    for number in range(5):
        await store.minutes.add(minute(f"turn {number}"))
    await store.minutes.add(minute("elsewhere", channel_id=5))
    kept = await store.minutes.get(GUILD, 4)
    assert [one.text for one in kept] == ["turn 2", "turn 3", "turn 4"]
    assert kept[0] == minute("turn 2")
    assert await store.minutes.count(GUILD, 4) == 3
    assert await store.minutes.clear(GUILD, 4) == 3
    assert await store.minutes.count(GUILD, 5) == 1


async def test_a_minute_is_bounded(store):
    await store.minutes.add(minute("x\x00" * 10_000))
    assert len((await store.minutes.get(GUILD, 4))[0].text) <= 4_000


async def test_minutes_are_pruned_with_messages(store, clock):
    now_ms = int(clock.wall() * 1000)
    await store.minutes.add(minute("old", at_ms=now_ms - 31 * 86_400_000))
    await store.minutes.add(minute("new", at_ms=now_ms))
    pruned = await store.prune(message_days=30, job_days=30)
    assert pruned.minutes == 1
    assert [one.text for one in await store.minutes.get(GUILD, 4)] == ["new"]


@pytest.fixture
async def talked(store):
    for user_id in (ANA, BEN):
        await store.consents.set(GUILD, Consent(user_id, agreed=True, locale="en-US", at_ms=5))
        await store.minutes.add(minute("a quokka", user_id=user_id))
    await store.voice_rooms.set(VoiceRoom(GUILD, 4, "auto", ANA))
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
    assert [one["text"] for one in document["minutes"]] == ["a quokka"]


async def test_a_person_is_forgotten(talked):
    gone = await talked.privacy.forget(ANA)
    assert gone.minutes == 1
    assert set(await talked.consents.get(GUILD, [ANA, BEN])) == {BEN}
    assert [one.user_id for one in await talked.minutes.get(GUILD, 4)] == [BEN]
    assert await talked.voice_rooms.all() == []


async def test_a_server_is_forgotten(talked):
    await talked.privacy.forget_guild(GUILD)
    assert await talked.consents.get(GUILD, [ANA, BEN]) == {}
    assert await talked.minutes.count(GUILD, 4) == 0
    assert await talked.voice_rooms.all() == []
