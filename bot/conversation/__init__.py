"""Conversations: what is remembered of them, and the jobs that people start in them."""

from bot.conversation.elsewhere import Elsewhere
from bot.conversation.session import JobRunner
from bot.conversation.show import Asker, Gate, Place, Show, Undeliverable
from bot.conversation.telling import remind, show_end

__all__ = [
    "Asker",
    "Elsewhere",
    "Gate",
    "JobRunner",
    "Place",
    "Show",
    "Undeliverable",
    "remind",
    "show_end",
]
