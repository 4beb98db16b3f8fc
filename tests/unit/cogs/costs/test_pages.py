"""Costs and budgets in words, and as a picture, in both languages."""

import re

import pytest

from bot.contract import Service
from bot.i18n import words_for
from bot.money import Balance, BudgetBucket, Period, Scope
from bot.service_calls.report import Report
from bot.store.records import GroupSum
from cogs.costs._pages import costs_page
from cogs.costs._picture import chart

NOV_16 = 20_773
BUCKET = BudgetBucket(Scope.GUILD, 7, Period.DAY, NOV_16 * 86_400_000)


def report(*sums: int, limit: int | None = 2_000_000, module: str = "BUILD") -> Report:
    total = sum(sums)
    return Report(
        first_day=NOV_16,
        by_service={Service.FACTORY: sums},
        calls=1_531,
        total=total,
        reported=total - 8_600,
        modules=[
            GroupSum(service=Service.FACTORY, module=module, calls=1_530, micro_usd=3_472_000),
            GroupSum(service=Service.PENNY, module="CONVERSE", calls=1, micro_usd=1_100),
        ],
        balances=[Balance(bucket=BUCKET, limit=limit, spent=725_000)],
    )


def test_in_english() -> None:
    assert costs_page(report(19_050_000), words_for("en")) == (
        "**$19.05** for 1,531 calls. Of that, $0.0086 is estimated from worker time; the services "
        "reported the rest.\n\n"
        "Factory · build: $3.47 · 1,530 calls\n"
        "Penny · talk: $0.0011 · 1 call\n\n"
        "`████░░░░░░` This server's budget for today: $0.72 of $2.00, $1.28 left; "
        f"resets <t:{BUCKET.renews_ms // 1000}:R>"
    )


def test_in_spanish_nothing_is_written_as_in_english() -> None:
    page = costs_page(report(19_050_000), words_for("es"))
    assert page.replace("\u00a0", "_") == (
        "**19,05_$** por 1531 peticiones. De eso, 0,0086_$ es una estimación por el tiempo de "
        "máquina; el resto lo indicaron los servicios.\n\n"
        "Factory · encargar: 3,47_$ · 1530 peticiones\n"
        "Penny · hablar: 0,0011_$ · 1 petición\n\n"
        "`████░░░░░░` El presupuesto de hoy de este servidor: 0,72_$ de 2,00_$, quedan 1,28_$; "
        f"se renueva <t:{BUCKET.renews_ms // 1000}:R>"
    )


def test_a_module_from_elsewhere_is_plain_text() -> None:
    page = costs_page(report(1, module="*@everyone*_x"), words_for("en"))
    assert "Factory · \\*@\u200beveryone\\*\\_x: " in page


@pytest.mark.parametrize(
    ("sums", "limit", "language", "money", "days"),
    [
        ((730_000, 980_000), 2_000_000, "en", ["$0", "$0.25", "$2"], ["16 Nov", "17 Nov"]),
        ((730_000, 980_000), 2_000_000, "es", ["0 $", "0,25 $", "2 $"], ["16 nov", "17 nov"]),
        ((0, 61_000), 100_000, "en", ["$0", "$0.02", "$0.10"], ["16 Nov", "17 Nov"]),
        ((900, 1_200), None, "es", ["0 $", "0,0002 $", "0,0012 $"], ["16 nov", "17 nov"]),
    ],
)
def test_the_axes(
    sums: tuple[int, ...],
    limit: int | None,
    language: str,
    money: list[str],
    days: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from matplotlib.figure import Figure  # not by every process that only collects this module

    drawn: list[Figure] = []
    save = Figure.savefig
    monkeypatch.setattr(
        Figure, "savefig", lambda self, *a, **k: (drawn.append(self), save(self, *a, **k))
    )
    assert chart(report(*sums, limit=limit), Scope.GUILD, words_for(language)).startswith(
        b"\x89PNG"
    )
    axes = drawn[0].axes[0]
    told = [label.get_text().replace("\u00a0", " ") for label in axes.get_yticklabels()]
    assert set(money) <= set(told), told
    assert len(told) == len(set(told))
    assert not [one for one in told if not re.fullmatch(r"\$?[\d.,]+( \$)?", one)]
    assert sorted(label.get_text() for label in axes.get_xticklabels()) == days
