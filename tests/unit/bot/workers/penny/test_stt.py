"""The local ears, without their models."""

from pathlib import Path

import pytest

from bot.workers.penny import stt
from bot.workers.penny.stt import Whisper


async def test_each_model_runs_once_however_often_it_is_warmed_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran: list[object] = []
    monkeypatch.setattr(stt, "_load", lambda folder, *_: folder.name)
    monkeypatch.setattr(stt, "_attempt", lambda model, *_: ran.append(model))
    ears = Whisper(lambda: Path("english"), lambda: Path("multilingual"), threads=1)
    for _ in range(2):
        await ears.warm_up()
    assert ran == ["english", "multilingual"]
    await ears.close()
