"""What a failed exchange means: to be borne for a while, or the end."""

from typing import Final

from bot.contract.job import MIB
from bot.errors import (
    EndpointNotFound,
    KeyRefused,
    OutputLost,
    ServiceFailed,
    ServiceUnreachable,
    SkydeckError,
)
from bot.large_json import MAX_VALUES
from bot.runpod.flow.context import FlowContext
from bot.runpod.models import Flow, HttpResponse, Reply, TransportErrorKind
from bot.runpod.results.parsing import body_words
from bot.runpod.retry import POLLS, TRANSIENT, retry_after_s

OK: Final = 200
BAD_REQUEST: Final = 400
UNAUTHORIZED: Final = 401
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
GONE: Final = 410
CONTENT_TOO_LARGE: Final = 413
TOO_MANY_REQUESTS: Final = 429
SERVER_ERROR: Final = 500

REPLY_LIMIT_BYTES: Final = 32 * 1024 * 1024
"""No answer is read beyond this; RunPod itself lets results of some 20 MB through."""

MAX_FAULTS: Final = 30
"""In a row; with the pauses between them the service was out of reach for over a minute."""
_MAX_REFUSALS: Final = 3
"""In a row; the edge in front of the service now and then refuses a good request."""


class FaultBudget:
    """Counts the faults in a row of polls that may be repeated.

    Attributes:
        was_tried: There has been a fault, at any time.
    """

    def __init__(self, line: FlowContext) -> None:
        self.was_tried = False
        self._line = line
        self._faults = 0
        self._refusals = 0

    def restore(self) -> None:
        """A good answer came."""
        self._faults = self._refusals = 0

    def bear(self, reply: Reply) -> Flow[None]:
        """Rest after a fault, so that the poll can be repeated.

        Raises:
            DeadlineExceeded: The caller has no more patience.
            KeyRefused: 401 or 403, and not by chance.
            OutputLost: The answer is larger than any we read, and would be again.
            ServiceUnreachable: That was one fault too many.
        """
        self.was_tried = True
        self._faults += 1
        self._refusals = self._refusals + 1 if _is_final(reply) else 0
        if self._faults >= MAX_FAULTS or self._refusals >= _MAX_REFUSALS:
            raise final_error(reply)
        if not isinstance(reply, HttpResponse) and reply.kind is TransportErrorKind.OVERSIZED:
            raise final_error(reply)
        self._line.check_deadline()
        asked_for = retry_after_s(reply.headers) if isinstance(reply, HttpResponse) else None
        own = POLLS.delay_s(self._faults, self._line.dice)
        yield from self._line.rest(own if asked_for is None else max(asked_for, own))


def _is_final(reply: Reply) -> bool:
    """Whether HTTP says that asking again will not help."""
    return (
        isinstance(reply, HttpResponse)
        and reply.status != OK
        and reply.status not in TRANSIENT
        and reply.status != TOO_MANY_REQUESTS
    )


def final_error(reply: Reply) -> SkydeckError:
    """The error that says what is wrong with a reply that nobody can use."""
    if not isinstance(reply, HttpResponse):
        if reply.kind is TransportErrorKind.OVERSIZED:
            return OutputLost(
                f"The service's answer is over {REPLY_LIMIT_BYTES // MIB} MiB and was not read.",
                hint="Ask for less at a time.",
            )
        return ServiceUnreachable(
            f"The service cannot be reached: {reply.reason}.",
            hint="Check the network and RUNPOD_BASE_URL.",
        )
    match reply.status:
        case 401 | 403:
            return key_refused()
        case 404:
            return EndpointNotFound(
                "The service knows no such endpoint.",
                hint="Check the endpoint id in the settings.",
            )
        case status if status < BAD_REQUEST:
            return ServiceUnreachable(
                f"The service gave an answer that makes no sense (HTTP {status}).",
                hint="Check RUNPOD_BASE_URL: does a RunPod API stand there?",
            )
        case status if status in TRANSIENT or status == TOO_MANY_REQUESTS:
            return ServiceUnreachable(f"The service keeps answering HTTP {status}.")
        case status:
            said = body_words(reply.body)
            return ServiceFailed(
                f"The service refuses the request with HTTP {status}{': ' + said if said else '.'}"
            )


def holds_too_much() -> OutputLost:
    """The error for an answer with more values in it than are read."""
    return OutputLost(
        f"The service's answer holds more than {MAX_VALUES:,} values, or one that is too long; it "
        "was not read.",
        hint="Ask for less at a time.",
    )


def key_refused() -> KeyRefused:
    """The error for 401 and 403; never quotes the answer, which may quote the key."""
    return KeyRefused(
        "The service does not accept the key.",
        hint="Check RUNPOD_API_KEY: it may be mistyped, revoked, or of another account.",
    )
