"""Where a written turn's time went, by the bot's requests and the calls to its services. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from local_discord.log import Call, Dispatched
from local_discord.values import Json

from .redacted import path_without_secrets

STEPS_MAX: Final = 24
ASKED_MAX: Final = 20
"""How many of the latest messages and interactions are looked at for one that was answered."""
NAME_MAX_CHARS: Final = 80
COMMAND, COMPONENT, MODAL = 2, 3, 5
"""The kinds of interaction that are a turn; the others offer choices."""


def written_turn(
    entries: Sequence[Call | Dispatched],
    ledger: Iterable[Json],
    *,
    bot_id: int,
    wall_minus_clock: float,
) -> Json | None:
    """The latest message or interaction of a person that the bot has answered, or None.

    Args:
        entries: The local Discord's log, oldest first.
        ledger: Lines of the bot's ledger: the calls to its services.
        bot_id: The bot's user id.
        wall_minus_clock: What to add to a time of the log to get UTC epoch seconds.

    Returns:
        `at` (UTC epoch seconds), `total_ms`, and `steps` that may overlap: requests to Discord are
        ours, calls to services the service's.
    """
    asked = [one for one in entries if isinstance(one, Dispatched) and _asks(one, bot_id)]
    for index, question in reversed(list(enumerate(asked))[-ASKED_MAX:]):
        later = asked[index + 1].number if index + 1 < len(asked) else None
        calls = _answering(question, entries, later)
        if calls:
            return _written(question, calls, ledger, wall_minus_clock)
    return None


def _asks(event: Dispatched, bot_id: int) -> bool:
    if event.name == "MESSAGE_CREATE":
        author = event.data.get("author") or {}
        return not author.get("bot") and author.get("id") != str(bot_id)
    return event.name == "INTERACTION_CREATE" and event.data.get("type") in (
        *(COMMAND, COMPONENT, MODAL),
    )


def _answering(
    question: Dispatched, entries: Sequence[Call | Dispatched], later: int | None
) -> list[Call]:
    """The bot's requests that belong to a question, oldest first."""
    calls = [one for one in entries if isinstance(one, Call) and one.number > question.number]
    if question.name == "INTERACTION_CREATE":
        keys = (f"/interactions/{question.data['id']}/", f"/{question.data['token']}")
        return [one for one in calls if any(key in one.path for key in keys)]
    answer = next((one for one in calls if _refers(one, question)), None)
    if answer is None:
        return []
    channel = f"/channels/{question.data['channel_id']}/"
    number = answer.answer.get("id") if isinstance(answer.answer, dict) else None
    return [
        one
        for one in calls
        if one is answer
        or (number and one.method == "PATCH" and one.path.endswith(f"/messages/{number}"))
        or (one.path == f"{channel}typing" and (later is None or one.number < later))
    ]


def _refers(call: Call, question: Dispatched) -> bool:
    if call.method != "POST" or not isinstance(call.body, dict):
        return False
    reference = call.body.get("message_reference")
    return isinstance(reference, dict) and str(reference.get("message_id")) == question.data["id"]


def _written(
    question: Dispatched, calls: Sequence[Call], ledger: Iterable[Json], wall_minus_clock: float
) -> Json:
    ended = max(call.ended_at or call.at for call in calls)
    few = [*calls[: STEPS_MAX // 2], *calls[STEPS_MAX // 2 :][-STEPS_MAX // 2 :]]
    steps = [
        _step(
            f"{call.method} {path_without_secrets(call.path, call.route)}",
            "ours",
            call.at - question.at,
            (call.ended_at or call.at) - call.at,
        )
        for call in few
    ]
    began, over = (moment + wall_minus_clock for moment in (question.at, ended))
    asker = _asker(question)
    paid = [_call(line) for line in ledger if line["user"] == asker]
    steps += [
        _step(name, "service", at - began, lasts) for name, at, lasts in paid if began <= at <= over
    ][:STEPS_MAX]
    steps.sort(key=lambda step: step["begins_ms"])
    return {
        "kind": "written",
        "at": began,
        "total_ms": round((ended - question.at) * 1000, 1),
        "steps": steps,
        "service_ms": {},
    }


def _step(name: str, owner: str, begins_s: float, lasts_s: float) -> Json:
    begins = round(max(0.0, begins_s) * 1000, 1)
    return {
        "name": name,
        "owner": owner,
        "begins_ms": begins,
        "lasts_ms": round(max(0.0, lasts_s) * 1000, 1),
    }


def _call(line: Json) -> tuple[str, float, float]:
    """A call's name, when it began (UTC epoch seconds), and how many seconds it took.

    The ledger notes the beginning only where it reserves; else it follows from what the service
    says of its time.
    """
    noted = float((line["settled_at_ms"] or line["at_ms"]) - line["at_ms"])
    told = float((line["delay_ms"] or 0) + (line["execution_ms"] or 0))
    lasts = max(noted, told) / 1000
    ended = float(line["settled_at_ms"] or line["at_ms"]) / 1000
    return f"{line['service']} {line['module']}"[:NAME_MAX_CHARS], ended - lasts, lasts


def _asker(question: Dispatched) -> int:
    data: dict[str, Any] = question.data
    user = data.get("author") or (data.get("member") or {}).get("user") or data.get("user") or {}
    return int(user.get("id") or 0)
