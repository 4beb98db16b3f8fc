"""The state of everything, in words."""

import math
from collections.abc import Sequence
from typing import Final

from audio.discord_voice.client import LinkHealth
from audio.discord_voice.round_trip import measured_ms
from audio.discord_voice.stats import combined
from bot.figures import duration, percent, seconds
from bot.i18n import Words
from bot.service_calls.availability import Availability, LatestHealth
from bot.service_calls.circuit_breaker import State

_MINUTE_S: Final = 60


def service_lines(availability: Availability | None, words: Words, *, now_s: float) -> str:
    """One service: its availability, workers, jobs, and last call.

    Args:
        availability: Its availability; None if it is not configured.
        words: The reader's language.
        now_s: The time, in seconds since the epoch.
    """
    if availability is None:
        return words("status.not_set_up")
    lines = []
    if availability.breaker is State.TRYING:
        lines.append(words("status.trying"))
    elif availability.breaker is State.OPEN:
        lines.append(words("status.down", when=f"<t:{math.ceil(now_s + availability.wait_s)}:R>"))
    if availability.health is None:
        key = f"errors.{availability.code}"
        lines.append(words(key if words.has(key) else "errors.unreachable"))
    else:
        workers, jobs = availability.health.workers, availability.health.jobs
        lines.append(words(f"status.warmth.{availability.warmth.value}"))
        lines.append(
            words(
                "status.counts",
                working=workers.running,
                idle=workers.idle,
                starting=workers.initializing,
                throttled=workers.throttled,
                queued=jobs.inQueue,
                running=jobs.inProgress,
            )
        )
    if availability.latest is not None and availability.age_s is not None:
        lines.append(_last(availability.latest, availability.age_s, words, now_s))
    return "\n".join(lines)


def _last(latest: LatestHealth, age_s: float, words: Words, now_s: float) -> str:
    """The last answer, with the times that the service has told."""
    told = [
        words(f"status.last_{name}", took=_time(ms, words))
        for name, ms in (("delay", latest.delay_ms), ("execution", latest.execution_ms))
        if ms is not None
    ]
    when = words("status.last", when=f"<t:{round(now_s - age_s)}:R>")
    return f"{when}: {', '.join(told)}." if told else f"{when}."


def discord_line(latencies: Sequence[tuple[int, float]], words: Words) -> str:
    """The connection to Discord; the slowest shard counts."""
    known = [ms for _, latency_s in latencies if (ms := measured_ms(latency_s)) is not None]
    if not known:
        return words("status.discord_unknown")
    slowest_ms = round(max(known))
    if len(latencies) == 1:
        return words("status.discord", ms=slowest_ms)
    return words("status.shards", number=len(latencies), up=len(known), ms=slowest_ms)


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


def store_line(took_ms: float | None, words: Words) -> str:
    """The database."""
    if took_ms is None:
        return words("status.store_failed")
    return words("status.store", ms=max(1, round(took_ms)))


def _time(ms: float, words: Words) -> str:
    took_s = ms / 1000
    return seconds(took_s, 1, words.language) if took_s < _MINUTE_S else duration(took_s)
