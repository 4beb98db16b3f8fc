"""`skydeck costs`: what the services have cost."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from bot import figures, terminal
from bot.budgets import limits_of
from bot.cli.whole_files import writing
from bot.clock import SystemClock
from bot.errors import BadInput
from bot.i18n import DEFAULT, words_for
from bot.money import Balance, Payer, Scope
from bot.service_calls.report import Report, as_csv, report_on, view_of
from bot.settings import Settings, load_settings
from bot.store.opening import open_database
from bot.store.repositories.ledger import Ledger
from bot.store.repositories.spending import Spending
from bot.wording import from_now, module_in_words, service_in_words

_BAR = 30
_MAX_ID = 2**63 - 1
"""The largest that a database's column of ids holds."""
_WORDS = words_for(DEFAULT)


def costs(
    *,
    days: Annotated[int, typer.Option(help="How many days to show.", min=1, max=366)] = 30,
    guild: Annotated[
        int | None, typer.Option(help="Only this server's costs (its id).", min=0, max=_MAX_ID)
    ] = None,
    user: Annotated[
        int | None, typer.Option(help="Only this person's costs (their id).", min=0, max=_MAX_ID)
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write every call to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show what the services have cost: by day, service and module, and how the budgets stand.

    Example: skydeck costs --days 7 --csv calls.csv
    """
    payer = Payer(user_id=user, guild_id=guild)
    report, table = asyncio.run(_report(load_settings(), payer, days, with_calls=csv is not None))
    if csv is not None:
        _write(csv, table)
    if as_json:
        terminal.out_json(_as_json(report))
    else:
        _print(report, days)
        if csv is not None:
            sys.stderr.write(f"{report.calls} calls are in {csv}.\n")


def _write(file: Path, table: bytes) -> None:
    try:
        with writing(file) as out:
            out.write(table)
    except OSError as e:
        raise BadInput(f"{file} cannot be written ({e.strerror}).") from None


async def _report(
    settings: Settings, payer: Payer, days: int, *, with_calls: bool
) -> tuple[Report, bytes]:
    clock = SystemClock()
    url = settings.skydeck_database_url.get_secret_value()
    async with open_database(url, clock) as database:
        ledger, spending = Ledger(database, clock, limits_of(settings)), Spending(database)
        view = view_of(payer, int(clock.wall() * 1000), days)
        report = await report_on(ledger, spending, payer, view)
        if not with_calls:
            return report, b""
        return report, await as_csv(spending.each(view), names_people=True)


def _print(report: Report, days: int) -> None:
    out = terminal.console(highlight=False)
    if report.calls:
        estimated = report.total - report.reported
        note = f", of which {_money(estimated)} estimated" if estimated else ""
        calls = _WORDS.count("costs.calls", report.calls)
        sums = Text.assemble((_money(report.total), "bold"), f" in {_days(days)}, {calls}{note}.")
        out.print(_by_day(report), "", _by_module(report), "", sums, sep="\n")
    else:
        out.print(f"Nothing was called in the last {_days(days)}.")
    for balance in report.balances:
        out.print(_budget(balance, SystemClock().wall()))


def _by_day(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("day (UTC)")
    for name in (*(service_in_words(service, _WORDS) for service in report.by_service), "sum"):
        table.add_column(name, justify="right")
    table.add_column("")
    sums = [sum(day) for day in zip(*report.by_service.values(), strict=True)]
    highest = max(sums) or 1
    limit = report.daily_limit(Scope.ALL)
    this_year = report.days[-1].year
    for number, (day, total) in enumerate(zip(report.days, sums, strict=True)):
        was_called = any(report.calls_by_day[number : number + 1])
        if total or was_called:
            colour = "red" if limit is not None and total > limit else "blue"
            table.add_row(
                figures.day(day, DEFAULT, with_year=day.year != this_year),
                *(_money(of[number]) for of in report.by_service.values()),
                _money(total),
                Text("█" * max(min(total, 1), round(_BAR * total / highest)), style=colour),
            )
    return table


def _by_module(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("service", "module"):
        table.add_column(name)
    for name in ("calls", "cost"):
        table.add_column(name, justify="right")
    for one in report.modules:
        table.add_row(
            service_in_words(one.service, _WORDS),
            Text(module_in_words(one.service, one.module, _WORDS)),
            figures.whole(one.calls, DEFAULT),
            _money(one.micro_usd),
        )
    return table


def _budget(balance: Balance, now_s: float) -> str:
    bucket = balance.bucket
    name = f"{bucket.scope.value}, this {bucket.period.value}"
    if balance.limit is None:
        return f"{name}: {_money(balance.spent)}, no limit"
    aside = f", {_money(balance.reserved)} set aside" if balance.reserved else ""
    resets = from_now(bucket.renews_ms / 1000 - now_s, _WORDS)
    return (
        f"{name}: {_money(balance.spent)} of {_money(balance.limit)}{aside}, "
        f"{_money(balance.left or 0)} left; resets {resets}"
    )


def _money(micro_usd: int) -> str:
    return figures.money(micro_usd, DEFAULT)


def _days(number: int) -> str:
    return _WORDS.count("common.days", number)


def _as_json(report: Report) -> dict[str, Any]:
    """The report as JSON; all sums are in micro-dollars."""
    return {
        "total_micro_usd": report.total,
        "reported_micro_usd": report.reported,
        "calls": report.calls,
        "days": [f"{day:%Y-%m-%d}" for day in report.days],
        "by_service": {s.value: list(sums) for s, sums in report.by_service.items()},
        "modules": [
            {
                "service": one.service.value,
                "module": one.module,
                "calls": one.calls,
                "micro_usd": one.micro_usd,
            }
            for one in report.modules
        ],
        "budgets": [
            {
                "scope": b.bucket.scope.value,
                "period": b.bucket.period.value,
                "spent_micro_usd": b.spent,
                "reserved_micro_usd": b.reserved,
                "limit_micro_usd": b.limit,
                "renews_ms": b.bucket.renews_ms,
            }
            for b in report.balances
        ],
    }
