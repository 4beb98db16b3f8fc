"""How a job ends for its person, also one that was left behind. Pure."""

from dataclasses import dataclass

from bot.contract import Response
from bot.errors import (
    JobCancelled,
    JobExpired,
    SkydeckError,
    Stopping,
    SubmissionUnknown,
)
from bot.store.repositories.recovery import Ending


@dataclass(slots=True)
class Followed:
    """What following a job came to: a response or an error, or neither when another process has it.

    Attributes:
        response: The whole answer.
        error: Why there is none.
        so_far: What had been written when it broke off.
    """

    response: Response | None = None
    error: SkydeckError | None = None
    so_far: str = ""


def ending_of(followed: Followed) -> tuple[Ending, str]:
    """For the journal: how it ended, and the code of the error."""
    match followed.error:
        case None:
            return Ending.COMPLETED, ""
        case JobCancelled() | Stopping() as error:
            return Ending.CANCELLED, error.code
        case JobExpired() as error:
            return Ending.EXPIRED, error.code
        case SubmissionUnknown() as error:
            return Ending.UNKNOWN, error.code
        case error:
            return Ending.FAILED, error.code


def not_known() -> SkydeckError:
    """What to tell somebody whose job was left behind and cannot be followed."""
    return SubmissionUnknown("skydeck stopped while it was handing this in.")
