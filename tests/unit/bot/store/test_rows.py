"""Whatever a row holds: it is refused, or what reads it can."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, Boolean, Column, Integer, LargeBinary

from bot.choices import Mode
from bot.contract import Service
from bot.languages import LANGUAGES
from bot.money import Basis, BudgetBucket, Period, Scope
from bot.persona import as_instructions, check_name
from bot.store import rows
from bot.store.records import CallState, Role
from bot.store.repositories import guilds
from bot.store.repositories.recovery import Ending, JobStage
from bot.store.rows import MAX_INT64, MAX_TIME_MS
from bot.store.tables import PASSING, metadata

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
_words = st.sampled_from(
    [
        word.value
        for kind in (Service, Mode, JobStage, Ending, Role, CallState, Basis, Scope, Period)
        for word in kind
    ]
)
_values = _json | _words | st.integers(0, MAX_TIME_MS) | st.binary(max_size=9) | st.just(MAX_INT64)


_OF_ITS_OWN = {
    ("personas", "name"): "Nova",
    ("guilds", "allowed_channels"): [],
    ("guilds", "allowed_roles"): [],
}


def sound(table: str) -> dict[str, Any]:
    """A row that is let in."""
    return {name: _sound_value(table, one) for name, one in rows.columns_of(table).items()}


def _sound_value(table: str, column: Column[Any]) -> Any:
    own = _OF_ITS_OWN.get((table, column.name))
    if own is not None or column.nullable:
        return own
    if words := rows._WORDS.get((table, column.name)):
        return next(iter(words))
    plain = {Boolean: True, Integer: 1, LargeBinary: b"", JSON: {}}
    return next((value for kind, value in plain.items() if isinstance(column.type, kind)), "")


def is_let_in(table: str, row: dict[str, Any]) -> bool:
    try:
        rows.check(table, row)
    except ValueError:
        return False
    return True


LASTING = [table.name for table in metadata.sorted_tables if not table.info.get(PASSING)]
SOUND = {table: sound(table) for table in LASTING}


@settings(max_examples=200)
@given(_values)
def test_any_value_in_any_column_is_refused_or_let_in(value: Any) -> None:
    for table in LASTING:
        for column in rows.columns_of(table):
            is_let_in(table, SOUND[table] | {column: value})


@pytest.mark.parametrize("table", sorted(rows._LOOKS))
@given(data=st.data())
def test_any_row_is_refused_or_let_in(table: str, data: st.DataObject) -> None:
    """Of tables where several columns are looked at together."""
    columns = st.sampled_from(sorted(rows.columns_of(table)))
    is_let_in(table, SOUND[table] | data.draw(st.dictionaries(columns, _values, max_size=3)))


@pytest.mark.parametrize("table", LASTING)
def test_a_sound_row_is_let_in(table: str) -> None:
    rows.check(table, SOUND[table])


@given(
    st.fixed_dictionaries(
        {
            "guild_id": st.integers(-1, 5),
            "language": st.none() | st.text(max_size=17),
            "identity": st.none() | st.sampled_from(["DECK", "CORP", "X"]),
            "allowed_channels": st.lists(st.integers(), max_size=3) | _json,
            "allowed_roles": st.lists(st.integers(), max_size=3) | _json,
            "default_modules": st.dictionaries(_words, st.text(max_size=5), max_size=2) | _json,
        }
    )
)
def test_a_guild_that_is_let_in_can_be_read(row: dict[str, Any]) -> None:
    if is_let_in("guilds", row):
        guilds.check(guilds.read(row))


@given(
    st.fixed_dictionaries(
        {
            "guild_id": st.integers(-1, 5),
            "channel_id": st.integers(-1, 5),
            "name": st.sampled_from(["", "Nova", "@everyone", "x" * 33]) | st.text(max_size=5),
            "instructions": st.sampled_from(["", "Be warm.", "x" * 1001]) | st.text(max_size=9),
            "language": st.sampled_from(["", "es", "xx", "español"]),
            "voice": st.text(max_size=5),
        }
    )
)
def test_a_persona_that_is_let_in_could_have_been_chosen(row: dict[str, Any]) -> None:
    if is_let_in("personas", row):
        assert not row["name"] or check_name(row["name"]) is None
        assert row["instructions"] == as_instructions(row["instructions"])
        assert row["language"] in ("", *LANGUAGES)


def test_a_persona_of_nothing_is_none() -> None:
    row = {"guild_id": 1, "channel_id": 0, "name": "", "instructions": "", "language": "",
           "voice": ""}  # fmt: skip
    assert not is_let_in("personas", row)
    assert is_let_in("personas", row | {"name": "Nova"})


@given(st.integers(), st.sampled_from(Scope), st.sampled_from(Period))
def test_a_purse_that_is_let_in_can_be_dated(starts_ms: int, scope: Scope, period: Period) -> None:
    row = {"scope": scope.value, "scope_id": 1, "period": period.value, "starts_ms": starts_ms,
           "spent_micro_usd": 0, "reserved_micro_usd": 0, "warned": False}  # fmt: skip
    if is_let_in("purses", row):
        assert BudgetBucket(scope, 1, period, starts_ms).renews_ms > starts_ms
        assert datetime.fromtimestamp(starts_ms / 1000, UTC)


def test_leases_and_tokens_are_in_no_backup() -> None:
    assert not rows.columns_of("shard_leases")
    assert not rows.columns_of("no such table")
    assert "reply_token" not in rows.columns_of("jobs")


def test_every_kind_of_bytes_has_a_limit() -> None:
    for name in LASTING:
        for column in rows.columns_of(name).values():
            if isinstance(column.type, LargeBinary):
                most = rows._MAX_BLOB_BYTES[column.name]
                assert not rows._problem(name, column, bytes(most))
                assert rows._problem(name, column, bytes(most + 1))
