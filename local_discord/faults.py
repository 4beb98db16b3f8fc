"""Failures on demand: the next so many requests of a route end as a test wants."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from .errors import ApiError


@dataclass(slots=True)
class Fault:
    """One order to fail.

    Attributes:
        route: Part of "METHOD /route" that must occur; empty for every request.
        status: The HTTP status of the answer; 429 is a rate limit.
        times: How many requests it still spoils.
        retry_after: Seconds, for 429.
        everywhere: Whether the 429 is global.
        delay: Seconds the answer is held back before anything else.
        lost: Act on the request as asked, then cut the connection before the answer.
        code: Discord's own code of the error.
        path: Part of the request's path that must occur, such as a channel's id.
        instead: Act on the request as asked, then answer with the status and this body.
    """

    route: str
    status: int = 0
    times: int = 1
    retry_after: float = 0.0
    everywhere: bool = False
    delay: float = 0.0
    lost: bool = False
    code: int = 0
    path: str = ""
    instead: str | None = None

    def error(self) -> ApiError:
        """The answer in place of the real one."""
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return too_many(self.retry_after, everywhere=self.everywhere)
        words = "refused on demand" if self.code else "Internal Server Error"
        return ApiError(self.status, self.code, f"{self.status}: {words}")


def too_many(retry_after: float, *, everywhere: bool) -> ApiError:
    """429 with Discord's body."""
    message = "You are being rate limited."
    return ApiError(429, 0, message, retry_after=round(retry_after, 3), **{"global": everywhere})


class Faults:
    """The orders of one local Discord, oldest first."""

    def __init__(self) -> None:
        self._orders: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Spoil the next requests that fit."""
        self._orders.append(fault)

    def next(self, route: str, path: str) -> Fault | None:
        """The order that a request of this route meets, used up by one."""
        for fault in self._orders:
            if fault.route in route and fault.path in path and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def clear(self) -> None:
        """Fail no more."""
        self._orders.clear()
