"""What can be wrong with sound."""


class AudioError(ValueError):
    """Bytes that cannot be used as the audio they claim to be. The message is for a person."""


class NotAudioError(AudioError):
    """Nothing in it can be decoded as sound."""


class TooLongError(AudioError):
    """More sound than the caller is willing to take."""


class StoppedError(AudioError):
    """Who wanted the sound no longer does."""


def too_long(seconds: float, limit_s: float) -> TooLongError:
    """Say how long it is, and how long it may be."""
    return TooLongError(
        f"The audio is over {_clock(seconds)} long; at most {_clock(limit_s)} can be taken."
    )


def _clock(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004
        return f"{seconds:.0f} seconds"
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"  # noqa: PLR2004
