"""Conversations: what is remembered of them, and the jobs that people start in them."""

from bot.conversation.session import Asker, JobRunner, Show

__all__ = ["Asker", "JobRunner", "Show"]
