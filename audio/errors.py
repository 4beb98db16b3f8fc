"""What can be wrong with sound."""


class AudioError(ValueError):
    """Bytes that cannot be used as the audio they claim to be. The message is for a person."""


class NotAudioError(AudioError):
    """Nothing in it can be decoded as sound."""


class TooLongError(AudioError):
    """More sound than the caller is willing to take."""
