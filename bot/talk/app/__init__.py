"""The terminal app of `skydeck talk`."""

from bot.talk.app.app import TalkApp

__all__ = ["TalkApp"]
