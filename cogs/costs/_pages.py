"""Costs and budgets in words."""

from collections.abc import Iterable, Sequence
from typing import Final

from bot.figures import money
from bot.i18n import Words
from bot.money import Balance, Scope
from bot.service_calls.report import Report
from bot.wording import call_in_words
from cogs.shared.splitting import as_plain_text

_MODULES: Final = 8
_BAR: Final = 10


def costs_page(report: Report, words: Words) -> str:
    """The totals, the most expensive modules, and the budgets."""
    estimated = report.total - report.reported
    parts = [
        words(
            "costs.sum",
            total=money(report.total, words.language),
            calls=words.count("costs.calls", report.calls),
        )
    ]
    if estimated:
        parts.append(words("costs.estimated", sum=money(estimated, words.language)))
    lines = [
        words(
            "costs.module",
            name=as_plain_text(call_in_words(one.service, one.module, words)),
            sum=money(one.micro_usd, words.language),
            calls=words.count("costs.calls", one.calls),
        )
        for one in report.modules[:_MODULES]
    ]
    more = len(report.modules) - _MODULES
    if more > 0:
        lines.append(words("costs.more", number=more))
    limited = [b for b in report.balances if b.limit is not None]
    return "\n\n".join(
        part for part in (" ".join(parts), "\n".join(lines), budgets_page(limited, words)) if part
    )


def budgets_page(balances: Iterable[Balance], words: Words) -> str:
    """One line per budget: a bar, what is spent, what is left, when it resets."""
    return "\n".join(_line(balance, words) for balance in balances)


def shown(balances: Sequence[Balance]) -> list[Balance]:
    """The budgets that a person may see; the total budget is the operator's, unless it is spent."""
    return [b for b in balances if b.bucket.scope is not Scope.ALL or b.left == 0]


def _line(balance: Balance, words: Words) -> str:
    bucket = balance.bucket
    whose = words(f"budgets.{bucket.scope}_{bucket.period}")
    whose = whose[:1].upper() + whose[1:]
    spent = money(balance.spent, words.language)
    if balance.limit is None:
        return words("costs.unlimited", budget=whose, spent=spent)
    share = 1.0 if balance.limit == 0 else min(balance.spent / balance.limit, 1.0)
    full = round(share * _BAR)
    return words(
        "costs.line",
        bar="█" * full + "░" * (_BAR - full),
        budget=whose,
        spent=spent,
        limit=money(balance.limit, words.language),
        left=money(balance.left or 0, words.language),
        renews=f"<t:{bucket.renews_ms // 1000}:R>",
    )
