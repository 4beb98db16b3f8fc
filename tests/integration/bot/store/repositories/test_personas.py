"""Who the assistant is in servers and channels, as the store keeps it."""

import asyncio

import pytest

from bot.errors import TooLarge
from bot.persona import MAX_INSTRUCTIONS_CHARS, NO_PERSONA, SERVER, Persona
from bot.store import rows
from bot.store.repositories.guilds import CHANNELS_LIMIT
from bot.store.store import Store

NOVA = Persona(name="Nova", instructions="Sé amable.\n¿Sí?", language="es", voice="joe")


async def test_what_was_set_is_there_after_reopening(url, clock):
    async with Store.open(url, clock) as store:
        assert await store.personas.at(1, 5) == NO_PERSONA
        await store.personas.set(1, SERVER, NOVA)
        await store.personas.set(1, 2**62, Persona(name="Zuri"))
    async with Store.open(url, clock) as store:
        assert await store.personas.of(1) == {SERVER: NOVA, 2**62: Persona(name="Zuri")}
        assert await store.personas.at(1, 5) == NOVA
        assert await store.personas.at(1, 2**62) == Persona(name="Zuri").over(NOVA)
        assert await store.personas.of(2) == {}


async def test_an_empty_one_is_none_and_a_reset_deletes_all(store):
    await store.personas.set(1, SERVER, NOVA)
    await store.personas.set(1, 5, NOVA)
    await store.personas.set(2, 5, NOVA)
    await store.personas.set(1, SERVER, NO_PERSONA)
    assert set(await store.personas.of(1)) == {5}
    await store.personas.reset(1)
    assert await store.personas.of(1) == {}
    assert set(await store.personas.of(2)) == {5}


@pytest.mark.parametrize(
    "persona",
    [
        Persona(name="@everyone"),
        Persona(name="x" * 33),
        Persona(language="xx"),
        Persona(language="español"),
    ],
)
async def test_what_is_no_name_or_language_is_not_kept(store, persona):
    with pytest.raises(ValueError, match="personas"):
        await store.personas.set(1, SERVER, persona)
    assert await store.personas.of(1) == {}


async def test_texts_are_bounded(store):
    await store.personas.set(1, 5, Persona(instructions="é\x00" * 3_000, voice="v" * 99))
    kept = (await store.personas.of(1))[5]
    assert kept == Persona(instructions="é" * 1_000, voice="v" * 64)


@pytest.mark.parametrize(
    "instructions",
    [
        "\ufe0f\u200d❤",
        "\u3000\U000e0100\u2028a",
        "a" * (MAX_INSTRUCTIONS_CHARS - 3) + "👩\u200d👩\u200d👧",
        "a" * (MAX_INSTRUCTIONS_CHARS - 2)
        + "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    ],
)
async def test_whatever_is_kept_can_be_restored(store, instructions):
    """One server's persona must not make the backup of all servers one that is refused."""
    await store.personas.set(1, SERVER, Persona(instructions=instructions))
    kept = (await store.personas.of(1))[SERVER]
    row = {"guild_id": 1, "channel_id": SERVER, "name": "", "language": "", "voice": ""}
    rows.check("personas", row | {"instructions": kept.instructions})


async def test_what_shows_nothing_is_none(store):
    await store.personas.set(1, SERVER, NOVA)
    await store.personas.set(1, SERVER, Persona(instructions="\u200b \u200d"))
    assert await store.personas.of(1) == {}


async def test_no_server_has_more_than_its_channels(store):
    for channel in range(CHANNELS_LIMIT + 1):
        await store.personas.set(1, channel, Persona(name="Nova"))
    await store.personas.set(1, 7, NOVA)  # it has one already
    with pytest.raises(TooLarge, match="channels"):
        await store.personas.set(1, 9_999, NOVA)
    await store.personas.set(2, 9_999, NOVA)


async def test_two_at_once_from_two_processes_and_the_cache(url, clock):
    async with Store.open(url, clock) as a, Store.open(url, clock) as b:
        await asyncio.gather(*(s.personas.set(1, 5, NOVA) for s in (a, b) for _ in range(3)))
        assert await a.personas.of(1) == {5: NOVA}
        await b.personas.set(1, 5, NO_PERSONA)
        assert await a.personas.of(1) == {5: NOVA}
        clock.at_ms += 30_000
        assert await a.personas.of(1) == {}


async def test_it_goes_with_its_server(store):
    await store.personas.set(1, SERVER, NOVA)
    await store.personas.set(2, SERVER, NOVA)
    await store.privacy.forget_guild(1)
    assert await store.personas.of(1) == {}
    assert await store.personas.of(2) == {SERVER: NOVA}
