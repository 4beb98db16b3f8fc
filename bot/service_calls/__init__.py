"""Every call of a service goes through here: may it be paid, how did it go, what did it cost."""

from bot.service_calls.budget_gate import OnLow, Till
from bot.service_calls.client import Switchboard, Watcher
from bot.service_calls.pricing import Rates

__all__ = ["OnLow", "Rates", "Switchboard", "Till", "Watcher"]
