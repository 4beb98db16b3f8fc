"""What the first start downloads."""

from pathlib import Path

import pytest

from bot import composition
from bot.contract import Service
from bot.llm_source import SMALL, TINY, Listed
from bot.models.store import ModelStore
from bot.settings import Settings
from bot.workers.llm_choice import LlmChoice


async def test_people_see_one_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = LlmChoice(Listed(SMALL), Listed(TINY), "not measured", needs_trial=True)
    settled = LlmChoice(Listed(SMALL), Listed(SMALL), "quick enough")
    monkeypatch.setattr(composition, "present_choice", lambda _: before)
    monkeypatch.setattr(composition, "settle_choice", lambda *_: settled)
    monkeypatch.setattr(ModelStore, "ensure", lambda *_: {SMALL: tmp_path})
    settings = Settings(_env_file=None, skydeck_weights_dir=tmp_path)
    fetched: list[list[str]] = []
    choice = await composition._choose_llms(
        settings,
        ModelStore(tmp_path),
        lambda _, names: fetched.append(list(names)),
        frozenset({Service.PENNY}),
    )
    assert choice is settled
    assert fetched == [composition.models_needed(settings, {Service.PENNY}, settled)]
    assert SMALL in fetched[0]
