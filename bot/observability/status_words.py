"""The state of the services and of the bot in words, for `/status` in Discord and on the web. Pure.

Both say the same, since both take it from here; a point in time is written by whoever shows it,
since Discord has a notation of its own for it.
"""

from collections.abc import Callable, Sequence
from typing import Final

from audio.discord_voice.round_trip import measured_ms
from bot.contract.job import Health
from bot.figures import duration, seconds
from bot.i18n import Words
from bot.service_calls.availability import Availability, LatestHealth, Warmth
from bot.service_calls.circuit_breaker import State

_MINUTE_S: Final = 60
When = Callable[[float], str]
"""Writes a time, given the seconds from now: negative ones are past."""


def service_lines(availability: Availability | None, words: Words, when: When) -> list[str]:
    """One service: its availability, workers, jobs, and last call.

    Args:
        availability: Its availability; None if it is not configured.
        words: The reader's language.
        when: Writes the times.
    """
    if availability is None:
        return [words("status.not_set_up")]
    lines = []
    if availability.breaker is State.TRYING:
        lines.append(words("status.trying"))
    elif availability.breaker is State.OPEN:
        lines.append(words("status.down", when=when(availability.wait_s)))
    if availability.health is None:
        key = f"errors.{availability.code}"
        lines.append(words(key if words.has(key) else "errors.unreachable"))
    else:
        lines.append(words(f"status.warmth.{availability.warmth.value}"))
        lines.append(_counts(availability.health, words))
    if availability.latest is not None and availability.age_s is not None:
        lines.append(_last(availability.latest, when(-availability.age_s), words))
    return lines


def _counts(health: Health, words: Words) -> str:
    """Its workers and jobs; what is rare is only told when there is some."""
    workers, jobs = health.workers, health.jobs
    told = {"working": workers.running, "idle": workers.idle}
    rare = {"starting": workers.initializing, "throttled": workers.throttled}
    told |= {state: count for state, count in rare.items() if count}
    states = [words(f"status.workers.{state}", count=count) for state, count in told.items()]
    return words(
        "status.counts", workers=", ".join(states), queued=jobs.inQueue, running=jobs.inProgress
    )


def is_well(availability: Availability | None) -> bool:
    """Whether a call would be sent and answered; a service that nobody set up is none."""
    if availability is None:
        return True
    is_paused = availability.breaker is not State.CLOSED
    has_worker = availability.warmth is not Warmth.STARVED
    return availability.health is not None and has_worker and not is_paused


def _last(latest: LatestHealth, when: str, words: Words) -> str:
    """The last answer, with the times that the service has told."""
    told = [
        words(f"status.last_{name}", took=_time(ms, words))
        for name, ms in (("delay", latest.delay_ms), ("execution", latest.execution_ms))
        if ms is not None
    ]
    said = words("status.last", when=when)
    return f"{said}: {', '.join(told)}." if told else f"{said}."


def _time(ms: float, words: Words) -> str:
    took_s = ms / 1000
    return seconds(took_s, 1, words.language) if took_s < _MINUTE_S else duration(took_s)


def discord_line(latencies: Sequence[tuple[int, float]], words: Words) -> str:
    """The connection to Discord; the slowest shard counts."""
    known = [ms for _, latency_s in latencies if (ms := measured_ms(latency_s)) is not None]
    if not known:
        return words("status.discord_unknown")
    slowest_ms = round(max(known))
    if len(latencies) == 1:
        return words("status.discord", ms=slowest_ms)
    return words("status.shards", number=len(latencies), up=len(known), ms=slowest_ms)


def store_line(took_ms: float | None, words: Words) -> str:
    """The database."""
    if took_ms is None:
        return words("status.store_failed")
    return words("status.store", ms=max(1, round(took_ms)))
