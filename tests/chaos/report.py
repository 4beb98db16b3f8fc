"""The table of a campaign, in Markdown. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.chaos.verdict import End, Kind, Observations, Violation

_COLUMNS: Final = (
    "fault",
    "how often, how long",
    "asked",
    "answered",
    "told why not",
    "told: unknown",
    "refused by Discord",
    "not heard",
    "lost",
    "paid twice",
    "never told",
    "memory, MiB",
    "handles",
    "threads",
    "tasks",
    "other",
)
_TOLD: Final = (End.REASON, End.STOPPED, End.TOO_LATE)


@dataclass(frozen=True, slots=True)
class Result:
    """One fault of a campaign, and what came of it."""

    name: str
    extent: str
    seen: Observations
    violations: Sequence[Violation]


def table(results: Sequence[Result]) -> str:
    """One line for each fault."""
    lines = [_line(_COLUMNS), _line("---" for _ in _COLUMNS)]
    return "\n".join([*lines, *(_line(_cells(one)) for one in results)])


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _cells(one: Result) -> Sequence[object]:
    ends = Counter(question.end for question in one.seen.questions)
    kinds = Counter(violation.kind for violation in one.violations)
    own = (Kind.LOST, Kind.PAID_TWICE, Kind.NEVER_TOLD, Kind.MEMORY, Kind.HANDLES)
    others = {kind: count for kind, count in kinds.items() if kind not in own}
    return (
        one.name,
        one.extent,
        len(one.seen.questions),
        ends[End.RESULT] + ends[End.KEPT],
        sum(ends[end] for end in _TOLD),
        ends[End.UNKNOWN],
        ends[End.DISCORD],
        ends[End.NOTHING],
        kinds[Kind.LOST],
        kinds[Kind.PAID_TWICE],
        kinds[Kind.NEVER_TOLD],
        *_held(one.seen),
        ", ".join(f"{kind} {count}" for kind, count in others.items()) or "0",
    )


def _held(seen: Observations) -> Sequence[str]:
    if seen.before is None or seen.after is None:
        return ("", "", "", "")
    before, after = seen.before, seen.after
    return (
        f"{before.rss_mib:.0f} → {after.rss_mib:.0f}",
        f"{before.handles} → {after.handles}",
        f"{before.threads} → {after.threads}",
        f"{before.tasks} → {after.tasks}",
    )


def page(
    results: Sequence[Result], *, seed: int, rounds: int, commit: str, date: str, machine: str
) -> str:
    """docs/reliability.md: what was done, the table, how to repeat it."""
    given = {"seed": seed, "rounds": rounds, "commit": commit, "date": date, "machine": machine}
    violations = sum(len(one.violations) for one in results)
    return _PAGE.format(table=table(results), violations=violations, **given)


_PAGE: Final = """\
# What breaks, and what it costs

Measured on {date} at {commit}, on {machine}; seed {seed}. Violations: {violations}.

An unmodified `skydeck bot` ran in its own processes, against the tests' Discord, a scripted RunPod
and real databases. Simulated people mentioned it, sent recordings, used `/ask`, `/grace summarize`
and `/factory build`, pressed Stop and Regenerate, and spoke in a voice channel, while something
broke. Afterwards we checked three things from outside: the messages that people see, RunPod's list
of jobs, and the database.

- **lost**: RunPod finished a job whose id is in the journal, but the person has no result.
- **paid twice**: a question was submitted more often than it was asked.
- **never told**: something was begun, but there is no answer, no reason, and nothing to fetch.
- **told: unknown**: the bot died, or RunPod's answer was lost, during the submission. The bot tells
  the person that the job may be running, and does not submit it again.
- **refused by Discord**: a command while no bot was online, or that no bot answered within 3 s;
  Discord tells the person so. **Not heard**: a message written while no bot was online.
- **memory, handles, threads, tasks**: of the process, before and after, if it survived.

{table}

How each fault is made:

- **Kills** are SIGKILL, 0 to 3 s after people start to ask, mostly early; one in ten hits a process
  that is still starting. Of the three processes, one is killed every 0.5 to 5 s.
- **Disk full**: a tmpfs of 24 MiB, filled to the last byte. **Read-only** and **slow**: strace
  makes the bot's writes to the database files fail with EROFS, or take 200 ms each.
- **PostgreSQL** is frozen with SIGSTOP for half of the time, then shut down for the other half.
- **The clock** is `time.time` in the bot's process, an hour forward and then back; the clocks of
  Discord, RunPod and the disk stay right. A bot is also killed in each of these hours.
- **RunPod** spoils every answer; except with 429, it still accepts half of the submitted jobs.
- **UDP loss**: 30 % of the packets from people in the voice channel, and 15 ms of jitter.

To repeat the run: `make chaos SEED={seed} ROUNDS={rounds}`. It takes 20 minutes and
needs PostgreSQL, strace, and root for the small disk; it skips what is missing, and says so. The
processes are real, so the timing still varies between runs. The tests include a short run
(`tests/system/chaos`); `tests/chaos/verdict.py` defines the rules.
"""
