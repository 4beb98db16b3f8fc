"""The operator's budgets, as the settings have them. Quick to import."""

from bot.money import Limits, Period, Scope, micro
from bot.settings import Settings


def limits_of(settings: Settings) -> Limits:
    """Read the operator's budgets."""
    budgets_usd = {
        (Scope.USER, Period.DAY): settings.skydeck_budget_user_day_usd,
        (Scope.USER, Period.MONTH): settings.skydeck_budget_user_month_usd,
        (Scope.GUILD, Period.DAY): settings.skydeck_budget_guild_day_usd,
        (Scope.GUILD, Period.MONTH): settings.skydeck_budget_guild_month_usd,
        (Scope.ALL, Period.DAY): settings.skydeck_budget_all_day_usd,
        (Scope.ALL, Period.MONTH): settings.skydeck_budget_all_month_usd,
    }
    return Limits({key: micro(usd) for key, usd in budgets_usd.items() if usd is not None})
