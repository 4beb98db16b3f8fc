"""Whether the microphone hears the person: at the start, and after a turn without words. Pure."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot import figures
from bot.i18n import Words

QUIET_DBFS: Final = -45.0
"""Louder than a room in which nobody speaks."""
HEARD_DBFS: Final = -30.0
"""The peaks of somebody who speaks to their microphone reach this."""
LOUD_DBFS: Final = -1.5
"""So close to the limit that the peaks may be cut off."""
SILENT_DBFS: Final = -66.0
"""A microphone that is on has more noise than this; one that is muted delivers zeros."""
_HOLD_S: Final = 2.0
_SILENT_AFTER_S: Final = 3.0
_MINUS: Final = "\N{MINUS SIGN}"
_TOO_SHORT_S: Final = 0.5
"""A word takes longer; the recording includes some sound before and after the key."""


class Hearing(StrEnum):
    """What the microphone hears.

    NONE: there is no microphone. WAITING: nobody speaks. SILENT: no sound at all. QUIET: a voice,
    too quiet. HEARD: a voice. LOUD: so loud that it may be distorted.
    """

    NONE = "none"
    WAITING = "waiting"
    SILENT = "silent"
    QUIET = "quiet"
    HEARD = "heard"
    LOUD = "loud"


class LevelCheck:
    """Judges the level of an open microphone; what was heard is shown for two seconds."""

    def __init__(self) -> None:
        self._shown = Hearing.WAITING
        self._shown_s = float("-inf")
        self._since_s: float | None = None
        self._sound_s = 0.0

    def judge(self, level_dbfs: float, now_s: float) -> Hearing:
        """Judge the level of this moment; call it often."""
        if self._since_s is None:
            self._since_s = self._sound_s = now_s
        if level_dbfs > SILENT_DBFS:
            self._sound_s = now_s
        now = _of(level_dbfs)
        is_over = now_s - self._shown_s > _HOLD_S
        if now is not Hearing.WAITING and (is_over or _LOUDER[now] >= _LOUDER[self._shown]):
            self._shown, self._shown_s = now, now_s
        elif is_over:
            is_silent = now_s - self._sound_s > _SILENT_AFTER_S
            self._shown = Hearing.SILENT if is_silent else Hearing.WAITING
        return self._shown


_LOUDER: Final = {one: at for at, one in enumerate(Hearing)}


def _of(level_dbfs: float) -> Hearing:
    if level_dbfs >= LOUD_DBFS:
        return Hearing.LOUD
    if level_dbfs >= HEARD_DBFS:
        return Hearing.HEARD
    return Hearing.QUIET if level_dbfs >= QUIET_DBFS else Hearing.WAITING


@dataclass(frozen=True, slots=True)
class Recording:
    """What is known of one recorded turn.

    Attributes:
        seconds: How long the talk key was down, or the turn was.
        loudest_dbfs: The loudest sample; -120: nothing but zeros.
        device: The microphone's name; None: the system's default.
        has_sound: Whether the microphone delivered any blocks.
    """

    seconds: float
    loudest_dbfs: float
    device: str | None
    has_sound: bool = True


def why_unheard(recording: Recording, words: Words) -> str:
    """Why a recording has no words, with what was measured, and what to do."""
    name = recording.device
    device = words("talk.unheard.this_microphone")
    if name is not None:
        device = words("talk.unheard.named", name=name)
    level = f"{recording.loudest_dbfs:.0f}".replace("-", _MINUS)
    if not recording.has_sound:
        return words("talk.unheard.no_sound", device=device)
    if recording.seconds < _TOO_SHORT_S:
        seconds = figures.decimal(recording.seconds, 1, words.language)
        return words("talk.unheard.short", seconds=seconds)
    if recording.loudest_dbfs < SILENT_DBFS:
        return words("talk.unheard.silent", device=device)
    if recording.loudest_dbfs < HEARD_DBFS:
        return words("talk.unheard.quiet", device=device, level=level)
    return words("talk.unheard.unclear", device=device, level=level)
