"""One tree of errors. Each says what went wrong, whether a retry can help, and what to do next.

SkydeckError
├── WrongUse               exit 2: the caller can mend it
│   ├── BadInput               an empty file, a text that is no audio, an option of the wrong type
│   ├── TooLarge               over a documented limit; nothing was sent
│   ├── UnknownModule          no such service or module
│   ├── BadSettings            a setting is missing or cannot be read
│   ├── NotAllowed             this person may not do this here
│   ├── TooSoon                too often; after a known wait it is allowed again
│   ├── OverBudget             it would cost more than is left; nothing was sent
│   ├── MissingPermission      Discord does not let the bot itself do it
│   └── NoVoiceChannel         no voice channel to do it in: none is named, none is entered, or full
├── ServiceFailed          exit 3: the service answered, and the answer is a failure
│   ├── JobFailed              the worker said so
│   ├── JobExpired             the job, or its result, is past its retention time
│   ├── OutputLost             COMPLETED, but the output never arrived
│   ├── DeadlineExceeded       it took longer than the caller allowed
│   ├── JobCancelled           somebody cancelled it
│   ├── Stopping               skydeck itself is being shut down
│   ├── WeightsError           a model file is missing, damaged, or has no room
│   └── StoreFailed            the database cannot be read or written
└── ServiceUnreachable     exit 4: no answer that could be used
    ├── KeyRefused             401 or 403
    ├── EndpointNotFound       404 for the endpoint itself
    ├── RateLimited            429 for longer than we were willing to wait
    ├── ServiceDown            it has failed again and again, and is left alone for a while
    ├── VoiceUnreachable       Discord's voice servers do not let the bot in
    ├── TooLate                Discord had given up waiting before we answered; nothing was done
    └── SubmissionUnknown      the line broke while a job was being handed in: it may be running
"""

from typing import ClassVar


class SkydeckError(Exception):
    """The root of everything that skydeck raises on purpose.

    Args:
        message: One line for a person, without any secret.
        hint: What to do next, one line.
    """

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class WrongUse(SkydeckError):
    """The caller asked for something that cannot be done as asked."""

    code = "wrong_use"
    exit_code = 2


class BadInput(WrongUse):
    """What was handed in cannot be read as what it claims to be."""

    code = "bad_input"


class TooLarge(WrongUse):
    """The input is over a limit; it was refused before anything was sent."""

    code = "too_large"


class UnknownModule(WrongUse):
    """The service has no module of that name."""

    code = "unknown_module"


class BadSettings(WrongUse):
    """A setting is missing or has a value that cannot be used."""

    code = "bad_settings"


class NotAllowed(WrongUse):
    """This person may not do this, or not here."""

    code = "not_allowed"


class TooSoon(WrongUse):
    """This person, or their server, asks too often.

    Args:
        message: One line for a person.
        hint: What to do next.
        wait_s: After how many seconds it is allowed again.
    """

    code = "too_soon"
    retryable = True

    def __init__(self, message: str, *, hint: str = "", wait_s: float) -> None:
        super().__init__(message, hint=hint)
        self.wait_s = wait_s


class OverBudget(WrongUse):
    """It would cost more than is left of a budget; nothing was sent.

    Args:
        scope: Whose budget: `user`, `guild` or `all`.
        period: For which time: `day` or `month`.
        limit_micro_usd: The whole budget, in micro-dollars.
        left_micro_usd: What is left of it.
        renews_ms: When it is full again; UTC epoch milliseconds.
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
        whose = {"user": "your", "guild": "this server's"}.get(scope, "the")
        super().__init__(
            f"Of {whose} budget for this {period} ${left_micro_usd / 1e6:.4f} is left "
            f"of ${limit_micro_usd / 1e6:.2f}, and this may cost more."
        )
        self.scope = scope
        self.period = period
        self.limit_micro_usd = limit_micro_usd
        self.left_micro_usd = left_micro_usd
        self.renews_ms = renews_ms


class MissingPermission(WrongUse):
    """Discord does not let the bot do it: a role or a channel denies it.

    Args:
        message: One line for a person.
        hint: What to do next.
        permissions: Those the bot lacks, by discord.py's names (`send_messages`).
    """

    code = "missing_permission"

    def __init__(self, message: str, *, hint: str = "", permissions: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.permissions = permissions


class NoVoiceChannel(WrongUse):
    """There is no voice channel to do it in: none is named, none is entered, or it is full."""

    code = "no_voice_channel"


class ServiceFailed(SkydeckError):
    """The service answered, and the answer is a failure."""

    code = "service_failed"


class JobFailed(ServiceFailed):
    """The worker reported a failure.

    Args:
        message: The service's own words, bounded.
        hint: What to do next.
        service_code: The `error.code` of the contract, when the service gave one.
        service_retryable: Whether the service says that another try can help.
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
    """The platform says COMPLETED but holds no output."""

    code = "output_lost"


class DeadlineExceeded(ServiceFailed):
    """The call took longer than its deadline; the job was cancelled."""

    code = "deadline_exceeded"
    retryable = True


class JobCancelled(ServiceFailed):
    """The job was cancelled."""

    code = "cancelled"


class Stopping(ServiceFailed):
    """skydeck is being shut down; asked again afterwards, it can be done."""

    code = "stopping"
    retryable = True


class WeightsError(ServiceFailed):
    """A model file is missing, damaged, or cannot be stored."""

    code = "weights"


class StoreFailed(ServiceFailed):
    """The database cannot be read or written; what was not stored is not to be relied on."""

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
    """There is no endpoint of that id."""

    code = "endpoint_not_found"
    retryable = False


class RateLimited(ServiceUnreachable):
    """The service keeps saying 429."""

    code = "rate_limited"


class ServiceDown(ServiceUnreachable):
    """It has failed again and again: nothing was sent. After a while it is tried again.

    Args:
        message: One line for a person.
        hint: What to do next.
        wait_s: In how many seconds.
    """

    code = "service_down"

    def __init__(self, message: str, *, hint: str = "", wait_s: float) -> None:
        super().__init__(message, hint=hint)
        self.wait_s = wait_s


class VoiceUnreachable(ServiceUnreachable):
    """Discord's voice servers do not let the bot into a channel."""

    code = "voice_unreachable"


class TooLate(ServiceUnreachable):
    """Discord had given up waiting before we answered; nothing was done."""

    code = "too_late"


class SubmissionUnknown(ServiceUnreachable):
    """The line broke while a job was being handed in; it may be running, and it may cost money.

    Not retried by itself: that could pay for the job twice.
    """

    code = "submission_unknown"
    retryable = False
