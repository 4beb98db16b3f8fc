"""Every call of a service goes through here: may it be paid, how did it go, what did it cost."""

from bot.calls.price import Rates
from bot.calls.switchboard import Switchboard, Watcher
from bot.calls.till import OnLow, Till

__all__ = ["OnLow", "Rates", "Switchboard", "Till", "Watcher"]
