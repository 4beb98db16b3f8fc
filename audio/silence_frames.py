"""Silence frames: how silence looks as Opus, and how many of them a Discord client sends. Pure.

Source: Discord's voice documentation, "Voice Data Interpolation".
"""

from typing import Final

SILENCE_FRAME: Final = b"\xf8\xff\xfe"
"""20 ms of silence as an Opus packet. It also replaces a lost packet in a clip."""
TRAILING_SILENCE_FRAMES: Final = 5
"""How many silence frames a Discord client sends before it stops sending.

They keep listeners' decoders from stretching the last sound.
"""
