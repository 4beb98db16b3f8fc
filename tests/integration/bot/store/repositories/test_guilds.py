import asyncio
from dataclasses import asdict

import pytest

from bot.choices import Identity
from bot.contract import Service
from bot.errors import TooLarge
from bot.store.records import GuildSettings
from bot.store.store import Store


async def test_a_guild_that_chose_nothing_has_the_defaults(store):
    assert await store.guilds.get(1) == GuildSettings(guild_id=1)


async def test_what_was_set_is_there_after_reopening(url, clock):
    chosen = GuildSettings(
        guild_id=2**62,
        language="es-ES",
        identity=Identity.CORP,
        allowed_channels=frozenset({5, 2**60}),
        allowed_roles=frozenset({9}),
        default_modules={Service.GRACE: "SUMMARIZER"},
    )
    async with Store.open(url, clock) as store:
        await store.guilds.patch(2**62, language="en-GB")
        changes = asdict(chosen)
        assert await store.guilds.patch(changes.pop("guild_id"), **changes) == chosen
    async with Store.open(url, clock) as store:
        assert await store.guilds.get(2**62) == chosen
        assert await store.guilds.get(2) == GuildSettings(guild_id=2)


async def test_a_patch_changes_only_what_it_names(store):
    await store.guilds.patch(1, language="es-ES", allowed_roles=frozenset({3}))
    changed = await store.guilds.patch(1, identity=Identity.CORP, allowed_roles=frozenset())
    assert changed == GuildSettings(guild_id=1, language="es-ES", identity=Identity.CORP)
    assert await store.guilds.get(1) == changed
    await store.guilds.patch(1, language=None)
    assert (await store.guilds.get(1)).language is None


async def test_a_reset_brings_the_defaults_back(store):
    await store.guilds.patch(1, language="es-ES")
    await store.guilds.reset(1)
    assert await store.guilds.get(1) == GuildSettings(guild_id=1)


async def test_patches_at_once_from_two_processes_all_count(url, clock):
    async with Store.open(url, clock) as a, Store.open(url, clock) as b:
        await asyncio.gather(
            a.guilds.patch(1, language="es-ES"),
            b.guilds.patch(1, identity=Identity.CORP),
            a.guilds.patch(1, allowed_roles=frozenset({3})),
            b.guilds.patch(1, allowed_channels=frozenset({4})),
        )
        clock.at_ms += 60_000
        assert await a.guilds.get(1) == GuildSettings(
            guild_id=1,
            language="es-ES",
            identity=Identity.CORP,
            allowed_roles=frozenset({3}),
            allowed_channels=frozenset({4}),
        )


async def test_the_cache_answers_for_half_a_minute_and_never_after_a_write(url, clock):
    async with Store.open(url, clock) as a, Store.open(url, clock) as b:
        await a.guilds.get(1)
        await b.guilds.patch(1, language="es-ES")
        assert (await a.guilds.get(1)).language is None
        clock.at_ms += 30_000
        assert (await a.guilds.get(1)).language == "es-ES"
        await a.guilds.patch(1, language="en-GB")
        assert (await a.guilds.get(1)).language == "en-GB"


async def test_what_was_read_before_a_write_is_not_cached_after_it(store):
    for i in range(20):
        await asyncio.gather(store.guilds.get(1), store.guilds.patch(1, language=f"l{i}"))
        assert (await store.guilds.get(1)).language == f"l{i}"


async def test_too_much_is_refused_and_nothing_is_written(store):
    await store.guilds.patch(1, language="es-ES")
    for changes in (
        {"allowed_channels": frozenset(range(501))},
        {"allowed_roles": frozenset(range(251))},
        {"language": "x" * 17},
        {"default_modules": {Service.GRACE: "x" * 65}},
    ):
        with pytest.raises(TooLarge):
            await store.guilds.patch(1, **changes)
    assert await store.guilds.get(1) == GuildSettings(guild_id=1, language="es-ES")
