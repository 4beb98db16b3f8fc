"""The state of everything, in Discord's words."""

import math

from audio.discord_voice.client import LinkHealth
from audio.discord_voice.stats import combined
from bot.figures import percent
from bot.i18n import Words
from bot.observability import status_words
from bot.service_calls.availability import Availability


def service_lines(availability: Availability | None, words: Words, *, now_s: float) -> str:
    """One service: its availability, workers, jobs, and last call.

    Args:
        availability: Its availability; None if it is not configured.
        words: The reader's language.
        now_s: The time, in seconds since the epoch.
    """

    def when(from_now_s: float) -> str:
        at_s = now_s + from_now_s
        return f"<t:{math.ceil(at_s) if from_now_s > 0 else round(at_s)}:R>"

    return "\n".join(status_words.service_lines(availability, words, when))


def voice_line(health: LinkHealth, words: Words) -> str:
    """The voice channel of this server."""
    everybody = combined(health.people.values())
    trip = words("status.unmeasured")
    if health.latency_ms is not None:
        trip = words("status.ms", ms=round(health.latency_ms))
    if not everybody.received:
        return words("status.voice_silent", trip=trip)
    loss = percent(everybody.loss, 1, words.language)
    return words("status.voice", trip=trip, packets=everybody.received, loss=loss)
