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
    "told: not known",
    "not taken by Discord",
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

`skydeck bot` ran as it is, in processes of its own, against the tests' Discord, a scripted RunPod
and real databases. People mentioned it, sent recordings, used `/ask`, `/grace summarize` and
`/factory build`, pressed Stop and Regenerate, and spoke in a voice channel, all the while something
broke. Afterwards three things were looked at from outside: the messages that people see, RunPod's
list of jobs, and the database.

- **lost**: RunPod has finished a job whose id the journal knows, and its person has no result.
- **paid twice**: one question was handed in more often than it was asked.
- **never told**: something was begun, and there is no answer, no reason, and nothing to fetch.
- **told: not known**: the bot died, or RunPod's answer was lost, while the job was handed in. The
  person is told that it may be running; it is not sent again.
- **not taken by Discord**: a command while no bot was there, or none answered within 3 s: Discord
  says so to its person. **Not heard**: a message that was written while no bot was there.
- **memory, handles, threads, tasks** of the process before and after, where it lived through it.

{table}

How each fault is made:

- **Kills** are SIGKILL, 0 to 3 s after people began to ask, most of them early; one in ten hits a
  process that is only starting. Of the three processes one is killed every 0.5 to 5 s.
- **Disk full**: a tmpfs of 24 MiB, filled to its last byte. **Read-only** and **slow**: strace lets
  the bot's own writes to the database's files fail with EROFS, or take 200 ms each.
- **PostgreSQL** is frozen with SIGSTOP for half of the time, then shut down for the other half.
- **The clock** is `time.time` in the bot's process, an hour forward and back; Discord's,
  RunPod's and the disk's clocks stay right. In each of the hours a bot is killed, too.
- **RunPod** spoils every answer; but for 429, half of the jobs handed in are taken all the same.
- **UDP loss**: 30 % of what the people in the voice channel send, and 15 ms of jitter.

The same again: `make chaos SEED={seed} ROUNDS={rounds}`. It takes 20 minutes, and wants PostgreSQL,
strace, and root for the small disk; what is missing is left out, and said. The processes are real,
so moments still differ from run to run. A short part runs with the tests (`tests/system/chaos`);
the rules are in `tests/chaos/verdict.py`.
"""
