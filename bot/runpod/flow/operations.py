"""Single operations on an endpoint, each a flow of its own."""

from collections.abc import Callable
from typing import Final, TypeVar

from bot.errors import JobExpired, RateLimited, ServiceUnreachable, SkydeckError
from bot.runpod.flow.context import FlowContext
from bot.runpod.models import Flow, HttpRequest, HttpResponse, Reply, TransportErrorKind
from bot.runpod.patience import OK, TOO_MANY_REQUESTS, final_error
from bot.runpod.retry import POLLS, TRANSIENT, Dice, retry_after_s

_TRIES: Final = 4
_MAX_S: Final = 30.0

_T = TypeVar("_T")


def operation(
    request: HttpRequest,
    read: Callable[[bytes], _T | None],
    *,
    dice: Dice,
    now: float,
    repeatable: bool = True,
) -> Flow[_T]:
    """Ask once; again after a fault, if that does no harm.

    Args:
        request: What to ask.
        read: Reads the body of the answer; None when it makes no sense.
        dice: For jitter.
        now: The time, in seconds.
        repeatable: Whether the service may be asked twice. If not, only what it has certainly
            not acted on is repeated: no connection, or 429.

    Raises:
        KeyRefused, EndpointNotFound, ServiceFailed: The service will not do it.
        RateLimited, ServiceUnreachable: It could not, for now.
    """
    line = FlowContext(now=now, deadline=now + _MAX_S, dice=dice)
    attempt = 0
    while True:
        reply = yield from line.ask(request)
        if isinstance(reply, HttpResponse) and reply.status == OK:
            value = read(reply.body)
            if value is not None:
                return value
        attempt += 1
        can_help = _is_transient(reply) if repeatable else _has_not_acted(reply)
        if not can_help or attempt >= _TRIES or line.left_s == 0:
            raise _error(reply)
        asked_for = retry_after_s(reply.headers) if isinstance(reply, HttpResponse) else None
        yield from line.rest(asked_for or POLLS.delay_s(attempt, dice))


def on_job(flow: Flow[_T]) -> Flow[_T]:
    """An operation on a job, whose 404 says that the job is not known (any more)."""
    try:
        return (yield from flow)
    except SkydeckError as e:
        if e.code != "endpoint_not_found":
            raise
        raise JobExpired(
            "The service does not know this job (any more).",
            hint="Results are kept 30 minutes, 1 minute after /runsync.",
        ) from None


def _is_transient(reply: Reply) -> bool:
    if not isinstance(reply, HttpResponse):
        return reply.kind is not TransportErrorKind.OVERSIZED
    return reply.status in TRANSIENT or reply.status in (TOO_MANY_REQUESTS, OK)


def _has_not_acted(reply: Reply) -> bool:
    if not isinstance(reply, HttpResponse):
        return reply.kind is TransportErrorKind.UNSENT
    return reply.status == TOO_MANY_REQUESTS


def _error(reply: Reply) -> SkydeckError:
    if isinstance(reply, HttpResponse):
        if reply.status == TOO_MANY_REQUESTS:
            return RateLimited("The service keeps answering HTTP 429.", hint="Try again later.")
        if reply.status == OK:
            return ServiceUnreachable(
                "The service's answer cannot be read.",
                hint="Check RUNPOD_BASE_URL: does a RunPod API stand there?",
            )
    return final_error(reply)
