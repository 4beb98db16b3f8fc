"""The errors of audio."""


class AudioError(ValueError):
    """Bytes that cannot be used as the audio they claim to be. The message is for a person."""


class NotAudioError(AudioError):
    """Nothing in it can be decoded as audio."""


class TooLongError(AudioError):
    """More audio than the caller accepts."""


class StoppedError(AudioError):
    """The caller no longer wants the audio."""


def too_long(seconds: float, limit_s: float) -> TooLongError:
    """An error that says how long the audio is, and how long it may be."""
    return TooLongError(
        f"The audio is over {_clock(seconds)} long; at most {_clock(limit_s)} can be taken."
    )


def _clock(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.0f} seconds"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"  # noqa: PLR2004
