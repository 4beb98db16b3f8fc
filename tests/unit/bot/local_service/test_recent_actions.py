"""The actions of one person, across runs of `skydeck ask`."""

from pathlib import Path

import pytest

from bot.local_service.recent_actions import take_action
from bot.rate_limits import ACTIONS_PER_MINUTE
from tests.fakes.handlers import TurnableClock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


async def test_a_run_counts_those_of_the_runs_before(folder: Path) -> None:
    clock = TurnableClock()
    assert [take_action(clock, folder) for _ in range(ACTIONS_PER_MINUTE)] == [0.0] * 4
    wait_s = take_action(clock, folder)
    assert wait_s == pytest.approx(15.0)
    await clock.turn(wait_s)
    assert take_action(clock, folder) == 0.0
    assert take_action(clock, folder) > 0.0


@pytest.mark.parametrize(
    "kept",
    [
        *(b"", b"{", b"[]", b"[" * 900, b'{"left": "x", "at_s": 1}', b"\xff" * 5_000),
        b'{"left": %s, "at_s": 1}' % (b"9" * 500),
        b'{"left": NaN, "at_s": NaN}',
    ],
)
def test_what_cannot_be_read_counts_as_nothing(folder: Path, kept: bytes) -> None:
    folder.mkdir(mode=0o700)
    (folder / "actions.json").write_bytes(kept)
    assert take_action(TurnableClock(), folder) == 0.0


def test_a_folder_that_cannot_be_used_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file", "utf-8")
    assert take_action(TurnableClock(), tmp_path / "run") == 0.0
