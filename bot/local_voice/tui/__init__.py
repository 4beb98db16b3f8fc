"""The terminal app of `skydeck talk`."""

from bot.local_voice.tui.app import TalkApp

__all__ = ["TalkApp"]
