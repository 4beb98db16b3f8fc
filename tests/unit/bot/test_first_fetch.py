"""What the first start downloads, and what is said of it."""

from pathlib import Path

import pytest

from bot import embedded_workers
from bot.contract import Service
from bot.llm_source import SMALL, TINY, Listed
from bot.loading import LoadPart, watched
from bot.models.store import ModelStore
from bot.settings import Settings
from bot.workers.llm_choice import LlmChoice


@pytest.fixture
def first_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Chooses the models as this measurement says; returns all fetches and all that was said."""

    async def choose(settled: LlmChoice) -> tuple[list[list[str]], list[tuple[LoadPart, str]]]:
        before = LlmChoice(Listed(SMALL), Listed(TINY), "not measured", needs_trial=True)
        monkeypatch.setattr(embedded_workers, "present_choice", lambda _: before)
        monkeypatch.setattr(embedded_workers, "settle_choice", lambda *_: settled)
        monkeypatch.setattr(ModelStore, "ensure", lambda *_: {SMALL: tmp_path})
        settings = Settings(_env_file=None, skydeck_weights_dir=tmp_path)
        fetched: list[list[str]] = []
        said: list[tuple[LoadPart, str]] = []

        async def fetch(names: list[str]) -> None:
            fetched.append(list(names))

        with watched(lambda part, why: said.append((part, why))):
            choice = await embedded_workers._choose_llms(
                settings,
                ModelStore(tmp_path),
                lambda _, names: fetch(names),  # as in `skydeck talk`, whose screen goes on
                frozenset({Service.PENNY}),
            )
        assert choice is settled
        return fetched, said

    return choose


async def test_people_see_one_total(first_start) -> None:
    settled = LlmChoice(Listed(SMALL), Listed(SMALL), "quick enough")
    fetched, said = await first_start(settled)
    settings = Settings(_env_file=None)
    assert fetched == [embedded_workers.models_needed(settings, {Service.PENNY}, settled)]
    assert SMALL in fetched[0]
    assert said == [(LoadPart.LANGUAGE, f"measuring how soon {SMALL} answers")]


async def test_a_second_download_is_explained_before_it_begins(first_start) -> None:
    _, said = await first_start(LlmChoice(Listed(SMALL), Listed(TINY), "the larger one is slow"))
    assert said[1:] == [(LoadPart.FILES, f"For voice, {TINY}: the larger one is slow.")]
