"""One tree of errors: a code, the facts, and whether a retry can help.

The words for people in Discord are in `locales/*/errors.toml`, by code. An error's own message is
for the command line and the logs. In Discord it is quoted where it adds facts to those words, and
stands alone where it is a text in the reader's language (`bot.i18n.Translated`).

SkydeckError
├── WrongUse               exit 2: the caller can fix it
│   ├── BadInput               an empty file, a file that is not audio, an option of the wrong type
│   ├── TooLarge               over a documented limit; nothing was sent
│   ├── UnknownModule          no such service or module
│   ├── BadSettings            a setting is missing or cannot be read
│   ├── NotAllowed             this person may not do this here
│   ├── NotPossible            what it is about is gone, or done already, or switched off
│   ├── TooSoon                too many requests; allowed again after a known wait
│   ├── OverBudget             it would cost more than is left; nothing was sent
│   ├── MissingPermission      Discord denies the bot a permission
│   └── NoVoiceChannel         no voice channel to use, or it is full
├── ServiceFailed          exit 3: the service answered, and the answer is a failure
│   ├── JobFailed              the worker reported a failure
│   ├── JobExpired             the job, or its result, is past its retention time
│   ├── OutputLost             COMPLETED, but without its output
│   ├── DeadlineExceeded       it took longer than the caller allowed
│   ├── JobCancelled           somebody cancelled it
│   ├── QuestionDeleted        the question, or the place where it was asked, was deleted
│   ├── Stopping               skydeck itself is being shut down
│   │   └── Restarted              it was, or it died, and the work went with it
│   ├── WeightsError           a model file is missing, damaged, or does not fit on the disk
│   └── StoreFailed            the database cannot be read or written
└── ServiceUnreachable     exit 4: no usable answer
    ├── KeyRefused             401 or 403
    ├── EndpointNotFound       404 for the endpoint itself
    ├── RateLimited            429 for longer than we were willing to wait
    ├── ServiceDown            it failed repeatedly, and is not called for a while
    ├── VoiceUnreachable       no connection to Discord's voice servers
    ├── FileUnreachable        Discord does not hand out a file
    ├── TooLate                Discord stopped waiting before the bot answered; nothing was done
    └── SubmissionUnknown      the connection broke during a submission: the job may be running
"""

from typing import ClassVar, Final

from bot import figures

MORE_TIME: Final = "Ask for less, or allow more time: PENNY_, GRACE_ or FACTORY_DEADLINE_S."
UNEXPLAINED: Final = "The service failed without giving a reason."
"""The message of a `JobFailed` for which the service has no words."""


class SkydeckError(Exception):
    """The root of all errors that skydeck raises on purpose.

    Args:
        message: The facts in one line, without secrets.
        hint: What to do next, in one line.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 3

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        gap = "" if self.hint.startswith("\n") else " "  # a list stands below
        return f"{self.message}{gap}{self.hint}".strip() or self.code


class WrongUse(SkydeckError):
    """The caller asked for something that cannot be done as asked."""

    code = "wrong_use"
    exit_code = 2


class BadInput(WrongUse):
    """The input is not what it claims to be."""

    code = "bad_input"


class TooLarge(WrongUse):
    """The input exceeds a limit; nothing was sent."""

    code = "too_large"


class UnknownModule(WrongUse):
    """There is no such service or module."""

    code = "unknown_module"


class BadSettings(WrongUse):
    """A setting is missing or has an unusable value."""

    code = "bad_settings"


class NotAllowed(WrongUse):
    """This person may not do this, or not here."""

    code = "not_allowed"


class NotPossible(WrongUse):
    """Nobody can do this now, or not here; the message says why."""

    code = "not_possible"


class TooSoon(WrongUse):
    """A person or their server asks too often; requests are allowed again in `wait_s` seconds."""

    code = "too_soon"
    retryable = True

    def __init__(self, *, wait_s: float) -> None:
        super().__init__(f"Allowed again in {wait_s:.0f} s.")
        self.wait_s = wait_s


class OverBudget(WrongUse):
    """The call may cost more than is left of a budget; nothing was sent.

    Args:
        scope: Whose budget: `user`, `guild` or `all`.
        period: `day` or `month`.
        limit_micro_usd: The whole budget.
        left_micro_usd: How much of it is left.
        renews_ms: When the budget renews; UTC epoch milliseconds.
    """

    code = "over_budget"

    def __init__(
        self,
        *,
        scope: str,
        period: str,
        limit_micro_usd: int,
        left_micro_usd: int,
        renews_ms: int,
    ) -> None:
        left, limit = (figures.money(one, "en") for one in (left_micro_usd, limit_micro_usd))
        super().__init__(f"{scope} budget, {period}: {left} left of {limit}.")
        self.scope = scope
        self.period = period
        self.limit_micro_usd = limit_micro_usd
        self.left_micro_usd = left_micro_usd
        self.renews_ms = renews_ms


class MissingPermission(WrongUse):
    """Discord denies the bot a permission, by a role or in a channel.

    Args:
        permissions: The missing ones, under discord.py's names (`send_messages`), if known.
    """

    code = "missing_permission"

    def __init__(self, permissions: tuple[str, ...] = ()) -> None:
        super().__init__(", ".join(permissions))
        self.permissions = permissions


class NoVoiceChannel(WrongUse):
    """The person named no voice channel and is in none, or the channel is full."""

    code = "no_voice_channel"


class ServiceFailed(SkydeckError):
    """The service answered, and the answer is a failure."""

    code = "service_failed"


class JobFailed(ServiceFailed):
    """The worker reported a failure.

    Args:
        message: The service's own words, bounded.
        hint: What to do next, in one line.
        service_code: The `error.code` of the contract, if the service gave one.
        service_retryable: Whether the service says that a retry can help.
    """

    code = "job_failed"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        service_code: str = "",
        service_retryable: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.service_code = service_code
        self.service_retryable = service_retryable


class JobExpired(ServiceFailed):
    """The job, or its result, is past its retention time."""

    code = "job_expired"


class OutputLost(ServiceFailed):
    """The platform says COMPLETED but has no output."""

    code = "output_lost"


class DeadlineExceeded(ServiceFailed):
    """The call took longer than its deadline; the job was cancelled."""

    code = "deadline_exceeded"
    retryable = True


class JobCancelled(ServiceFailed):
    """The job was cancelled."""

    code = "cancelled"


class QuestionDeleted(ServiceFailed):
    """The question, or the place where it was asked, was deleted: nobody waits for the answer."""

    code = "question_deleted"


class Stopping(ServiceFailed):
    """skydeck is shutting down; a retry after the restart can succeed."""

    code = "stopping"
    retryable = True


class Restarted(Stopping):
    """The process that worked on it is gone, and the work with it; nothing of it runs any more."""

    code = "restarted"


class WeightsError(ServiceFailed):
    """A model file is missing, damaged, or cannot be stored."""

    code = "weights"


class StoreFailed(ServiceFailed):
    """The database cannot be read or written; do not rely on anything having been stored."""

    code = "store"


class ServiceUnreachable(SkydeckError):
    """No usable answer from the service."""

    code = "unreachable"
    retryable = True
    exit_code = 4


class KeyRefused(ServiceUnreachable):
    """The service does not accept the key."""

    code = "key_refused"
    retryable = False


class EndpointNotFound(ServiceUnreachable):
    """There is no endpoint with that id."""

    code = "endpoint_not_found"
    retryable = False


class RateLimited(ServiceUnreachable):
    """The service keeps answering 429."""

    code = "rate_limited"


class ServiceDown(ServiceUnreachable):
    """The service failed repeatedly, so nothing was sent; calls resume in `wait_s` seconds."""

    code = "service_down"

    def __init__(self, message: str, *, hint: str = "", wait_s: float) -> None:
        super().__init__(message, hint=hint)
        self.wait_s = wait_s


class VoiceUnreachable(ServiceUnreachable):
    """The bot cannot connect to Discord's voice servers."""

    code = "voice_unreachable"


class FileUnreachable(ServiceUnreachable):
    """Discord does not hand out a person's file now."""

    code = "file_unreachable"


class TooLate(ServiceUnreachable):
    """Discord stopped waiting before the bot answered; nothing was done."""

    code = "too_late"


class SubmissionUnknown(ServiceUnreachable):
    """The connection broke during a submission: the job may be running, and may cost money.

    It is not retried automatically, because the job could then be paid for twice.
    """

    code = "submission_unknown"
    retryable = False


def errors_in(group: BaseExceptionGroup[SkydeckError]) -> list[SkydeckError]:
    """The errors of a group and of the groups in it, in their order; a group has at least one."""
    found: list[SkydeckError] = []
    for error in group.exceptions:
        found += errors_in(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
