"""A build as an embed: while it runs, and when it has ended.

Source of the limits: Discord's reference, "Embed Limits": 4096 characters of description, 1024 of a
field's value, 6000 altogether.
"""

from collections.abc import Sequence
from typing import Final

import discord

from bot.build_notes import all_in_words, changes_in_words, round_in_words
from bot.contract import Response
from bot.contract.factory import Build, Check, Iteration, read_build
from bot.figures import decimal, duration, money
from bot.i18n import Words
from bot.money import micro
from bot.runpod.models import JobState, Waiting
from cogs.factory._plan import Plan
from cogs.factory._progress import Progress, cost_of
from cogs.shared.splitting import as_plain_text, closed, disarm, split

_FIELD_CHARS: Final = 1024
_TEXT_CHARS: Final = 1500
"""For a service's own words; escaping can double their length."""
_REASON_CHARS: Final = 160
_UNKNOWN: Final = "—"
_MAX_BLOCKS: Final = 20


def under_way(plan: Plan, progress: Progress, place: int | None, words: Words) -> discord.Embed:
    """A build in progress.

    Args:
        plan: What it is about.
        progress: How far it has come.
        place: Its position in the bot's own queue; None if it does not wait there.
        words: The person's language.
    """
    lines = [_state(progress, place, words)]
    if progress.number:
        lines.append(iteration_in_words(progress, words))
        lines.append(_bar(len(progress.iterations), progress.limit))
    if progress.line:
        lines.append(_said(None, progress.line, words, _REASON_CHARS))
    embed = _embed(plan, "\n".join(lines), discord.Colour.blurple(), words)
    if plan.goes_direct:
        embed.set_footer(text=words("factory.as_guest"))
    _add_iterations(embed, progress.iterations, words)
    _add(embed, words("factory.field.score"), _score(progress.score, words))
    _add(embed, words("factory.field.begun"), f"<t:{int(plan.begun)}:R>")
    _add(embed, words("factory.field.cost"), _cost(progress.cost_usd, words))
    return embed


def finished(
    plan: Plan, progress: Progress, response: Response, words: Words, *, now: float, left_out: bool
) -> discord.Embed:
    """A build with a result and the verdict of its check.

    Args:
        plan: What it was about.
        progress: The progress until then.
        response: The result.
        words: The person's language.
        now: The time, in seconds since the epoch.
        left_out: Whether its files are too large for Discord.
    """
    build = read_build(response)
    passed = build is not None and build.passed
    colour = discord.Colour.green() if passed else discord.Colour.orange()
    said = _of_build(build, words) if build is not None else _of_text(response, words)
    if left_out:
        said += f"\n{words('factory.left_out')}"
    embed = _embed(plan, said, colour, words)
    iterations = build.iterations if build is not None else []
    iterations = iterations or progress.iterations
    _add_iterations(embed, iterations, words)
    _add(
        embed,
        words("factory.field.score"),
        _score(max((i.score for i in iterations), default=None), words),
    )
    _add(embed, words("factory.field.took"), duration(now - plan.begun))
    _add(embed, words("factory.field.cost"), _cost(cost_of(response, progress.cost_usd), words))
    return embed


def ended_without(
    plan: Plan, progress: Progress, why: str, words: Words, *, now: float, is_wanted: bool
) -> discord.Embed:
    """A build without a result.

    Args:
        plan: What it was about.
        progress: The progress until then.
        why: The reason.
        words: The person's language.
        now: The time, in seconds since the epoch.
        is_wanted: Whether a person stopped it.
    """
    colour = discord.Colour.light_grey() if is_wanted else discord.Colour.red()
    embed = _embed(plan, why, colour, words)
    _add_iterations(embed, progress.iterations, words)
    _add(embed, words("factory.field.took"), duration(now - plan.begun))
    _add(embed, words("factory.field.cost"), _cost(progress.cost_usd, words))
    return embed


def plain(text: str, limit: int) -> str:
    """Someone else's text in one line, without Markdown or mentions."""
    line = " ".join(text[: 4 * limit].split())
    cut = line if len(line) <= limit else f"{line[: limit - 1]}…"
    return as_plain_text(cut)


# -- parts ----------------------------------------------------------------------------------


def _embed(plan: Plan, text: str, colour: discord.Colour, words: Words) -> discord.Embed:
    embed = discord.Embed(title=plain(plan.title, 100), description=text, colour=colour)
    if plan.lacks_thread:
        embed.set_footer(text=words("factory.no_thread"))
    return embed


def _state(progress: Progress, place: int | None, words: Words) -> str:
    if progress.is_delivering:
        return words("factory.state.delivering")
    if place is not None:
        return words("factory.state.turn", place=place)
    match progress.state:
        case JobState.SUBMITTING | JobState.QUEUED | JobState.RUNNING as state:
            return words(f"factory.state.{state.value}")
        case JobState.WAITING_FOR_WORKER:
            starved = progress.waiting is Waiting.STARVED
            return words(f"factory.state.{'starved' if starved else 'waiting_for_worker'}")
    return words("factory.state.running")  # it has ended; the result follows


def iteration_in_words(progress: Progress, words: Words) -> str:
    """The iteration that a build is at, and what it does in it."""
    phase = plain(progress.phase, 40)
    return round_in_words(progress.number, progress.limit, phase, words)


def _bar(done: int, limit: int) -> str:
    """A progress bar with one block per iteration, up to a limit."""
    blocks = min(limit, _MAX_BLOCKS)
    full = min(blocks, round(blocks * done / limit))
    return "▰" * full + "▱" * (blocks - full)


def _of_build(build: Build, words: Words) -> str:
    best = max(build.iterations, key=lambda i: (i.score, i.passed), default=None)
    outcome = _outcome(build, best)
    lines = [words(f"factory.outcome.{outcome}")]
    if outcome == "not_passed" and best and (problem := _problem(best, words, _TEXT_CHARS // 3)):
        lines.append(words("factory.outcome.problem", problem=problem))
    return "\n".join(filter(None, [*lines, _summary(build, words)]))


def _summary(build: Build, words: Words) -> str:
    """In our words what nothing else here says, else the service's own words as a quote."""
    if build.summary_notes is not None:
        return plain(all_in_words(build.summary_notes, words) or "", _TEXT_CHARS)
    summary = plain(build.summary, _TEXT_CHARS)
    return words("factory.outcome.summary", summary=summary) if summary else ""


def _outcome(build: Build, best: Iteration | None) -> str:
    if not build.passed:
        found = (best.problem_notes if best is not None else None) or ()
        return "not_run" if any(one.kind == "not_run" for one in found) else "not_passed"
    if best is None or best.check not in list(Check):
        return "passed"
    return f"passed_{best.check}"


def _of_text(response: Response, words: Words) -> str:
    pieces = split(closed(response.text[: 4 * _TEXT_CHARS]), _TEXT_CHARS)
    if pieces:
        return f"{words('factory.untold')}\n\n{disarm(pieces[0])}"
    has_data = response.output is not None and response.output.data not in (None, "")
    return words("factory.untold" if has_data else "factory.nothing")


def _add_iterations(embed: discord.Embed, iterations: Sequence[Iteration], words: Words) -> None:
    """Add as many of the latest iterations as fit, newest last."""
    shown: list[str] = []
    room = _FIELD_CHARS - 100  # for the line about earlier ones
    for iteration in reversed(iterations):
        line = _line(iteration, words)
        room -= len(line) + 1
        if room < 0:
            break
        shown.insert(0, line)
    if earlier := len(iterations) - len(shown):
        shown.insert(0, words.count("factory.field.earlier", earlier))
    if shown:
        embed.add_field(
            name=words("factory.field.iterations"), value="\n".join(shown), inline=False
        )


def _line(iteration: Iteration, words: Words) -> str:
    mark = "✅" if iteration.passed else "▫️"
    changes = changes_in_words(iteration.change_notes or (), words)
    parts = [
        _said(changes, iteration.changed, words, _REASON_CHARS),
        "" if iteration.passed else _problem(iteration, words, _REASON_CHARS),
    ]
    told = " — ".join(filter(None, parts))
    return f"{mark} **{iteration.number}** · {_score(iteration.score, words)} · {told}"


def _problem(iteration: Iteration, words: Words, limit: int) -> str:
    """What the check found."""
    found = all_in_words(iteration.problem_notes or (), words)
    return _said(found, iteration.problem or "", words, limit)


def _said(ours: str | None, theirs: str, words: Words, limit: int) -> str:
    """Our words, if the service leaves them to us; else its own, marked as such."""
    if ours:
        return plain(ours, limit)
    quoted = plain(theirs, limit)
    return words("factory.note.said", words=quoted) if quoted else ""


def _add(embed: discord.Embed, name: str, value: str) -> None:
    embed.add_field(name=name, value=value, inline=True)


def _score(score: float | None, words: Words) -> str:
    return _UNKNOWN if score is None else decimal(score, 2, words.language)


def _cost(cost_usd: float | None, words: Words) -> str:
    return _UNKNOWN if cost_usd is None else money(micro(cost_usd), words.language)
