"""What `skydeck ask` offers with a question; tests/integration/bot/cli has what is done then."""

import pytest

from bot.cli import asked_action
from bot.cli.asked_action import AskedActions
from bot.contract.actions import ACTIONS, OWN_WORDS
from bot.settings import Settings

TALK = "What is the capital of France?"


def test_penny_at_this_machine_reads_the_words_herself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked_action, "read", lambda *_, **__: pytest.fail("they are read twice"))
    params = AskedActions(Settings(_env_file=None), TALK).params
    assert params[OWN_WORDS] == TALK
    assert params[ACTIONS]


@pytest.mark.parametrize("key", ["runpod_api_key", "anthropic_api_key"])
def test_where_a_call_may_cost_only_a_request_is_offered_anything(key: str) -> None:
    given = {key: "secret", "grace_endpoint_id": "grace", "penny_endpoint_id": "penny"}
    settings = Settings(_env_file=None, **given)
    assert AskedActions(settings, TALK).params == {}
    assert AskedActions(settings, 'translate "cheese" into Spanish').params[ACTIONS]
