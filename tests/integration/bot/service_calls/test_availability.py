import pytest

from bot.contract import Service
from bot.contract.job import Health, WorkerCounts
from bot.service_calls.availability import LatestHealth, Warmth, warmth
from tests.fakes.handlers import Scripted, echo
from tests.integration.bot.service_calls.conftest import asking, whole

QUICK = LatestHealth(at_s=100.0, delay_ms=200.0)
SLOW = LatestHealth(at_s=100.0, delay_ms=40_000.0)


def counted(**workers) -> Health:
    return Health(workers=WorkerCounts(**workers))


@pytest.mark.parametrize(
    ("health", "latest", "now", "expected"),
    [
        (None, QUICK, 101, Warmth.UNKNOWN),
        (counted(), QUICK, 101, Warmth.COLD),
        (counted(initializing=1), None, 101, Warmth.STARTING),
        (counted(throttled=1, initializing=1), None, 101, Warmth.STARVED),
        (counted(idle=2, ready=2), None, 101, Warmth.UNSURE),
        (counted(idle=2, ready=2), QUICK, 101, Warmth.WARM),
        (counted(idle=2, ready=2), QUICK, 161, Warmth.UNSURE),
        (counted(idle=2, ready=2), SLOW, 101, Warmth.UNSURE),
        (counted(running=1), None, 101, Warmth.UNSURE),
        (counted(ready=1, throttled=3), QUICK, 101, Warmth.WARM),
        (counted(ready=1), LatestHealth(at_s=100), 101, Warmth.UNSURE),
    ],
)
def test_warm_is_said_only_where_it_is_known(health, latest, now, expected):
    assert warmth(health, latest, now) is expected


@pytest.mark.parametrize(
    ("health", "latest", "expected"),
    [
        (None, QUICK, Warmth.UNKNOWN),
        (counted(initializing=1), None, Warmth.STARTING),
        (counted(idle=2, ready=2), None, Warmth.WARM),
        (counted(idle=1, ready=1, running=1), SLOW, Warmth.WARM),
        (counted(running=2), QUICK, Warmth.BUSY),
    ],
)
def test_workers_that_nobody_puts_to_sleep_are_up_or_busy(health, latest, expected):
    assert warmth(health, latest, 900, sleeps=False) is expected


async def test_how_a_service_stands(exchange):
    async with exchange(Scripted(echo)) as at:
        async with at.open() as board:
            before = await board.availability(Service.PENNY)
            await whole(board, asking())
            after = await board.availability(Service.PENNY)
        assert (before.latest, before.age_s) == (None, None)
        assert after.warmth is Warmth.WARM
        assert after.latest.delay_ms < 1_000
        assert after.health.jobs.completed == 1
        assert 0 <= after.age_s < 5
        at.url = "http://127.0.0.1:9"
        async with at.open() as board:
            gone = await board.availability(Service.PENNY)
        assert (gone.warmth, gone.health, gone.code) == (Warmth.UNKNOWN, None, "unreachable")
        assert gone.trouble
