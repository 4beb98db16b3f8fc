"""`/voice status` in words."""

import re
from collections.abc import Mapping
from typing import Final

from audio.discord_voice.client import LinkHealth
from audio.discord_voice.stats import ReceptionStats
from bot.figures import percent
from bot.i18n import Words
from bot.store.records import VoiceRoom
from bot.voice_agent.turn_latency import OWN, TOTAL, Spread
from cogs.shared.splitting import as_plain_text

_MAX_PEOPLE: Final = 15
"""This many lines fit into an embed with everything else."""


def status_text(
    place: VoiceRoom,
    health: LinkHealth,
    spreads: Mapping[str, Spread],
    names: Mapping[int, str],
    words: Words,
) -> str:
    """Where the bot is, the connection, how well each person is heard, and the answer latency.

    Short enough for an embed.

    Args:
        place: The voice channel, as it is stored.
        health: The connection's statistics.
        spreads: The latency of its turns, by phase.
        names: The names of people who are or were there, by id.
        words: The reader's language.
    """
    lines = [_line(health, words), words(f"voice.mode.{place.attention.replace('-', '_')}_short")]
    lines[1] += f" · <#{place.channel_id}>"
    if place.follow_user_id is not None:
        lines.append(words("voice.status.follows", person=f"<@{place.follow_user_id}>"))
    if health.fault is not None:
        lines.append(words(f"voice.trouble.{health.fault}"))
    if health.fault_counts:
        told = (
            f"{words(f'voice.status.trouble.{kind}')}: {count}"
            for kind, count in sorted(health.fault_counts.items())
        )
        lines.append(words("voice.status.troubles", troubles=", ".join(told)))
    heard = [
        _person(health.people[one], names[one], words) for one in health.people if one in names
    ]
    lines += heard[:_MAX_PEOPLE] or [words("voice.status.nobody")]
    if len(heard) > _MAX_PEOPLE:
        lines.append(words("voice.status.more", number=len(heard) - _MAX_PEOPLE))
    if health.totals.without_consent:
        lines.append(words("voice.status.dropped", packets=health.totals.without_consent))
    return "\n".join([*lines, *_latency(spreads, words)])


def _line(health: LinkHealth, words: Words) -> str:
    state = words("voice.status.connected" if health.connected else "voice.status.away")
    key = "voice.status.encrypted" if health.encrypted else "voice.status.not_encrypted"
    parts = [f"**{state}**", words(key)]
    if health.latency_ms is not None:
        parts.append(f"{health.latency_ms:.0f} ms")
    line = " · ".join(parts)
    if not health.privacy_code:
        return line
    code = " ".join(re.findall(r"\d{1,5}", health.privacy_code.replace(" ", "")))
    return f"{line}\n{words('voice.status.privacy_code', code=code)}"


def _person(health: ReceptionStats, name: str, words: Words) -> str:
    return words(
        "voice.status.person",
        name=as_plain_text(name),
        received=health.received,
        lost=health.lost,
        late=health.late,
        undecryptable=health.undecryptable,
        concealed=health.concealed,
        loss=percent(health.loss, 1, words.language),
    )


def _latency(spreads: Mapping[str, Spread], words: Words) -> list[str]:
    if TOTAL not in spreads:
        return [words("voice.status.no_turns")]
    rows = [f"{'':<12}{words('voice.status.median'):>9}{'p95':>9}"]
    for name in [TOTAL, OWN, *(n for n in spreads if n not in {TOTAL, OWN})]:
        spread = spreads[name]
        label = words(f"voice.phase.{name}")
        rows.append(f"{label:<12}{spread.median_ms:>6.0f} ms{spread.p95_ms:>6.0f} ms")
    head = words.count("voice.status.turns", spreads[TOTAL].turns)
    return [head, "```", *rows, "```"]
