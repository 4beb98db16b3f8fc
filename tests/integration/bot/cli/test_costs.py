"""`skydeck costs` as its users run it."""

import csv
import json
import re

import pytest

from bot.clock import SystemClock
from bot.contract import Service
from bot.money import Basis, Call, Charge, Payer
from bot.store.store import Store
from tests.fakes.command_line import skydeck


@pytest.fixture
async def url(tmp_path):
    url = f"sqlite:///{tmp_path}/skydeck.db"
    async with Store.open(url, SystemClock()) as store:
        for number, (service, basis) in enumerate(
            [(Service.PENNY, Basis.REPORTED), (Service.FACTORY, Basis.SECONDS)]
        ):
            call = Call(
                call_id=f"=call-{number}", service=service, module="ANY", payer=Payer(guild_id=7)
            )
            await store.ledger.settle(call, Charge(micro_usd=1_500 + number, basis=basis))
    return url


def costs(url, *args, **environment):
    return skydeck("costs", *args, SKYDECK_DATABASE_URL=url, **environment)


def test_costs_in_the_terminal(url, tmp_path):
    table = tmp_path / "calls.csv"
    done = costs(url, "--csv", str(table), SKYDECK_BUDGET_ALL_MONTH_USD="0.01", COLUMNS="100")
    assert done.returncode == 0, done.stderr
    assert "$0.003 in 30 days, 2 calls, of which $0.0015 estimated." in done.stdout
    assert "█" * 30 in done.stdout
    assert "all, this month: $0.003 of $0.01, $0.007 left; resets in " in done.stdout
    assert re.search(r"^\d{1,2} [A-Z][a-z]{2} +\$0\.0015 +\$0\.0015 +\$0\.003 ", done.stdout, re.M)
    assert re.search(r"^Factory +any +1 +\$0\.0015$", done.stdout, re.M)
    assert not re.search(r"\d{4}-\d{2}|FACTORY", done.stdout)
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert {row["call"] for row in rows} == {"'=call-0", "'=call-1"}
    assert {row["service"] for row in rows} == {"PENNY", "FACTORY"}  # as in the contract
    assert "2 calls are in" in done.stderr


def test_costs_for_programs(url):
    done = costs(url, "--json", "--days", "2")
    found = json.loads(done.stdout)
    assert (found["total_micro_usd"], found["calls"], len(found["days"])) == (3_001, 2, 2)
    assert sum(map(sum, found["by_service"].values())) == 3_001
    assert json.loads(costs(url, "--json", "--guild", "8").stdout)["calls"] == 0


def test_what_cannot_be_is_one_line(url, tmp_path):
    for args in (("--days", "0"), ("--csv", "/nowhere/calls.csv")):
        done = costs(url, *args)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
    done = costs("postgresql://nobody@127.0.0.1:9/none")
    assert done.returncode == 2
    assert "Check its URL" in done.stderr
