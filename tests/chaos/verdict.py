"""What must hold after a fault, whatever it was. Pure: observations in, violations out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MEMORY_MAY_GROW_MIB: Final = 24.0
"""What CPython's heap keeps of a burst; a leak of a minute's traffic is beyond it."""
HANDLES_MAY_GROW: Final = 4
"""Pooled connections that the first half of the traffic did not happen to need."""
THREADS_MAY_GROW: Final = 6
"""Of the default executor and the database's pool."""
TASKS_MAY_GROW: Final = 3


class End(StrEnum):
    """What a person has of their question in the end."""

    RESULT = "answered"
    REASON = "a reason"
    UNKNOWN = "told: unknown"
    STOPPED = "stopped"
    KEPT = "kept to be fetched"
    DISCORD = "refused by Discord"
    """The application did not respond: Discord itself has told them."""
    OPEN = "left hanging"
    """A working line or half an answer that nobody will ever change."""
    TOO_LATE = "told: too late"
    """The bot says that Discord had stopped waiting for it, and that nothing was begun."""
    NOTHING = "nothing"


_TOO_BUSY: Final = frozenset({End.TOO_LATE, End.DISCORD})


class Kind(StrEnum):
    """How a fault can have been too much."""

    LOST = "job lost"
    PAID_TWICE = "paid twice"
    NEVER_TOLD = "begun, never told"
    SHOWN_TWICE = "shown twice"
    STILL_OPEN = "journal still open"
    UNBOOKED = "paid, not booked"
    MEMORY = "memory grew"
    HANDLES = "handles grew"
    LEFT_BEHIND = "files or processes left"
    REFUSED = "refused by Discord"
    DIED = "the bot died by itself"
    DEAF = "no answer afterwards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question and all that became of it.

    Attributes:
        token: The word by which it is known.
        how: A mention, a command, …
        end: What the person has.
        allowed: How often they have asked it: once, and once more for each Regenerate.
        paid: How often RunPod was handed it.
        completed: Whether RunPod has finished the last of these jobs.
        noted: Whether the journal knows that job by RunPod's id.
        written: Whether the bot has it in its journal or its memory.
        finals: In how many places the whole answer stands.
        pressed_stop: Whether they asked for it to be stopped.
        must_answer: Whether nothing was broken when it was asked, so that only an answer will do;
            or that the machine was too busy for Discord's three seconds, which the person knows.
        seen: What they see, for a report.
    """

    token: str
    how: str
    end: End
    allowed: int = 1
    paid: int = 0
    completed: bool = False
    noted: bool = False
    written: bool = False
    finals: int = 0
    pressed_stop: bool = False
    must_answer: bool = False
    seen: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a process holds: MiB, and counts."""

    rss_mib: float
    handles: int
    threads: int
    tasks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """What was seen from outside, once everything had settled.

    Attributes:
        questions: All of them.
        still_open: Jobs that the journal takes for running, as it names them.
        unbooked: Contracts that RunPod was paid for, and the ledger does not know.
        before, after: What a process held before and after the fault; None: it was killed.
        left_behind: Files and processes that nobody will clear away.
        refused: What Discord refused of the bot, beyond what a killed bot leaves half done.
        died: How bots ended that should not have.
    """

    questions: Sequence[Question] = ()
    still_open: Sequence[str] = ()
    unbooked: Sequence[str] = ()
    before: Held | None = None
    after: Held | None = None
    left_behind: Sequence[str] = ()
    refused: Sequence[str] = ()
    died: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that does not hold.

    Attributes:
        kind: What.
        subject: Of which question, job, file.
        detail: For whoever has to find the cause.
    """

    kind: Kind
    subject: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.subject}" + (f" ({self.detail})" if self.detail else "")


def verdict(seen: Observations) -> list[Violation]:
    """All that does not hold."""
    return [
        *(violation for one in seen.questions for violation in _of_question(one)),
        *_of_all(seen.questions),
        *(Violation(Kind.STILL_OPEN, job) for job in seen.still_open),
        *(Violation(Kind.UNBOOKED, contract) for contract in seen.unbooked),
        *_of_process(seen.before, seen.after),
        *(Violation(Kind.LEFT_BEHIND, thing) for thing in seen.left_behind),
        *(Violation(Kind.REFUSED, words) for words in seen.refused),
        *(Violation(Kind.DIED, words) for words in seen.died),
    ]


def _of_question(one: Question) -> Iterator[Violation]:
    subject = f"{one.token}, {one.how}"
    if one.paid > one.allowed:
        detail = f"asked {one.allowed} times, paid {one.paid} times"
        yield Violation(Kind.PAID_TWICE, subject, detail)
    if one.finals > 1:
        yield Violation(Kind.SHOWN_TWICE, subject, f"in {one.finals} places")
    is_had = one.end in (End.RESULT, End.KEPT)
    if one.completed and one.noted and not is_had and not one.pressed_stop:
        yield Violation(Kind.LOST, subject, f"{one.end}: {one.seen}")
    elif one.end is End.OPEN or (one.end is End.NOTHING and (one.paid or one.written)):
        yield Violation(Kind.NEVER_TOLD, subject, f"{one.end}: {one.seen}")
    elif one.must_answer and not is_had and one.end not in _TOO_BUSY and not one.pressed_stop:
        yield Violation(Kind.DEAF, subject, f"{one.end}: {one.seen}")


def _of_all(questions: Sequence[Question]) -> Iterator[Violation]:
    """Some may be too late on a busy machine, but not all."""
    sound = [one.end for one in questions if one.must_answer]
    if sound and set(sound) <= _TOO_BUSY:
        yield Violation(Kind.DEAF, "all questions", "none was answered in time")


def _of_process(before: Held | None, after: Held | None) -> Iterator[Violation]:
    if before is None or after is None:
        return
    if after.rss_mib - before.rss_mib > MEMORY_MAY_GROW_MIB:
        grown = f"{before.rss_mib:.0f} to {after.rss_mib:.0f} MiB"
        yield Violation(Kind.MEMORY, "resident memory", grown)
    for name, first, last, most in (
        ("handles", before.handles, after.handles, HANDLES_MAY_GROW),
        ("threads", before.threads, after.threads, THREADS_MAY_GROW),
        ("tasks", before.tasks, after.tasks, TASKS_MAY_GROW),
    ):
        if last - first > most:
            yield Violation(Kind.HANDLES, name, f"{first} to {last}")
