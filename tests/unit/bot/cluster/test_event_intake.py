"""Which events wait until their server is looked up."""

# mypy: ignore-errors

from types import SimpleNamespace

import pytest

from bot.cluster.event_intake import EventIntake


@pytest.fixture
def intake(monkeypatch):
    """One that knows no server; `waiting` notes for which it would look."""
    client = SimpleNamespace(get_guild=lambda _: None)
    intake = EventIntake(client, SimpleNamespace(earliest=lambda: None))
    intake.waiting = []
    monkeypatch.setattr(intake, "_wait", lambda number, *_: intake.waiting.append(number))
    return intake


@pytest.mark.parametrize(
    ("owners", "waits"),
    [({"1": "7"}, False), ({"0": "9", "1": "7"}, True), ({"0": "9"}, True), ({}, True)],
)
def test_what_comes_by_a_persons_own_app_needs_no_server(intake, owners, waits):
    passed = []
    data = {"id": "175928847299117063", "guild_id": "9", "authorizing_integration_owners": owners}
    intake.receive("INTERACTION_CREATE", passed.append, data)
    assert intake.waiting == ([9] if waits else [])
    assert passed == ([] if waits else [data])


def test_a_message_of_an_unknown_server_waits(intake):
    data = {"id": "175928847299117063", "guild_id": "9", "author": {"id": "7"}}
    intake.receive("MESSAGE_CREATE", intake.waiting.append, data)
    assert intake.waiting == [9]
