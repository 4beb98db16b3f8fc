import json
import shutil

from bot.contract import Service
from bot.money import Basis, Call, Charge, Payer
from bot.store.maintenance.privacy import _EXPORTED, Forgotten
from bot.store.records import GuildSettings, Role
from bot.store.repositories.recovery import Ending
from bot.store.store import Store

PERSON, OTHER, BOT = 7, 8, 99
PLENTY = 1_000_000


async def _talk(store, entry, message):
    said = store.conversations
    await said.add(message(1, content="the quokka secret", guild_id=3))
    await said.add(
        message(
            2, content="I keep the quokka", parent_id=1, author_id=BOT, role=Role.ASSISTANT,
            parts=(4, 5), guild_id=3,
        )
    )  # fmt: skip
    await said.add(message(6, content="hello", person_id=OTHER, author_id=OTHER))
    mine = await store.jobs.begin(
        entry(
            user_id=PERSON,
            guild_id=3,
            title="quokka page",
            place={"message": "5"},
            reply_token="opens-doors",
            request=b'{"input": {"data": "quokka"}}',
        )
    )
    other = await store.jobs.begin(entry(user_id=OTHER, guild_id=4))
    await store.jobs.finished(mine, Ending.COMPLETED)
    return mine, other


async def test_a_person_gets_everything_about_them_and_nothing_else(store, entry, message):
    mine, _ = await _talk(store, entry, message)
    document = await store.privacy.export(PERSON)
    assert json.loads(json.dumps(document)) == document
    assert document["user_id"] == "7"
    assert document["exported_at"] == "2027-01-15T08:00:00.000+00:00"
    first, second = document["messages"]
    assert first["content"] == "the quokka secret"
    assert first["created_at"] == "2027-01-15T08:00:00.001+00:00"
    assert (second["author_id"], second["message_id"]) == ("99", "2")
    assert second["parts"] == ["4", "5"]
    (job,) = document["jobs"]
    assert (job["journal_id"], job["title"], job["ending"]) == (
        str(mine),
        "quokka page",
        "completed",
    )
    assert job["request"] == {"input": {"data": "quokka"}}
    assert job["place"] == {"message": "5"}
    assert "opens-doors" not in json.dumps(document)
    assert not {"lease_owner", "reply_token"} & set(job)


async def test_a_person_is_forgotten_whole_and_others_are_not(store, entry, message, url, execute):
    mine, other = await _talk(store, entry, message)
    assert await store.privacy.forget(PERSON) == Forgotten(messages=2, jobs=1)
    document = await store.privacy.export(PERSON)
    assert (document["messages"], document["jobs"]) == ([], [])
    assert await store.jobs.get(mine) is None
    assert await store.jobs.get(other) is not None
    assert await store.conversations.get(6) is not None
    assert await execute(url, "SELECT * FROM message_parts") == []
    assert await execute(url, "SELECT * FROM job_requests") == []
    assert await store.privacy.forget(PERSON) == Forgotten(0, 0)


async def test_words_in_the_questions_of_others_are_forgotten(store, message):
    said = store.conversations
    await said.add(message(1, person_id=OTHER, author_id=OTHER), points_at={8: 8, 9: PERSON})
    await said.add(message(2, person_id=OTHER, author_id=OTHER), points_at={8: 8})
    await said.add(message(3), points_at={9: PERSON})
    assert await said.holding_words_of(PERSON) == {1}
    assert await said.holding({8, 9}) == {1, 2, 3}
    [mine] = (await store.privacy.export(PERSON))["messages"]
    assert mine["points_at"] == ["9"]
    assert await store.privacy.forget(PERSON) == Forgotten(messages=2, jobs=0)
    assert await said.get(2) is not None


async def test_a_job_whose_person_was_forgotten_ends_quietly(store, entry):
    journal_id = await store.jobs.begin(entry(user_id=PERSON))
    await store.privacy.forget(PERSON)
    assert not await store.jobs.accepted(journal_id, "abc")
    assert await store.jobs.leases.renew() == {journal_id}
    assert not await store.jobs.finished(journal_id, Ending.COMPLETED)


async def test_no_forgotten_word_is_left_on_disk(sqlite_template, tmp_path, clock, entry, message):
    file = tmp_path / "skydeck.db"
    shutil.copy(sqlite_template, file)

    def on_disk() -> bytes:
        return b"".join(f.read_bytes() for f in tmp_path.iterdir())

    async with Store.open(f"sqlite:///{file}", clock) as store:
        await _talk(store, entry, message)
        assert b"quokka" in on_disk()
        await store.privacy.forget(PERSON)
        assert b"quokka" not in on_disk()


async def test_a_server_that_was_left_is_forgotten(store, entry, message):
    await _talk(store, entry, message)
    await store.guilds.patch(3, language="es-ES")
    assert await store.privacy.forget_guild(3) == Forgotten(messages=2, jobs=1)
    assert await store.guilds.get(3) == GuildSettings(guild_id=3)
    assert len(await store.jobs.listing()) == 1


def test_an_export_names_every_column_that_it_has():
    """A new column is in no export until somebody has thought about it."""
    left_out = {
        str(column)
        for table, names in _EXPORTED.items()
        for column in table.columns
        if column.name not in names
    }
    assert left_out == {
        "jobs.lease_owner",
        "jobs.lease_until_ms",
        "jobs.reply_token",
        "minutes.minute_id",
    }


async def test_to_be_forgotten_pays_for_no_call_that_is_under_way(store):
    """What was set aside counts, or a budget would be as large as one is quick to be forgotten."""
    payer = Payer(user_id=PERSON, guild_id=3)
    call = Call(call_id="under-way", service=Service.FACTORY, module="BUILD", payer=payer)
    await store.ledger.reserve(call, 700)
    for _ in range(2):
        await store.privacy.forget(PERSON)
    await store.ledger.settle(call, Charge(micro_usd=650, basis=Basis.REPORTED))
    own = [
        b for b in await store.ledger.balances(Payer(user_id=PERSON)) if b.bucket.scope == "user"
    ]
    assert {(b.spent, b.reserved) for b in own} == {(700, 0)}
    everybodys = [b for b in await store.ledger.balances(Payer()) if b.bucket.scope == "all"]
    assert {(b.spent, b.reserved) for b in everybodys} == {(650, 0)}
