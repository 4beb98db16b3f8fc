"""Telling a person how their job has ended, at once or later."""

from bot.jobs.endings import Followed
from bot.jobs.outcome import written_so_far
from bot.jobs.view import JobView
from bot.runpod.models import JobState, Update


async def show_end(show: JobView, followed: Followed) -> None:
    """Show how a job ended; returns when it can be seen.

    Raises:
        Undeliverable: There is nowhere to show it.
        SkydeckError, OSError, TimeoutError: It cannot be shown now.
    """
    if followed.response is not None:
        await show.done(followed.response)
    elif followed.error is not None:
        await show.failed(followed.error)


def remind(show: JobView, followed: Followed) -> None:
    """A new face of an old job has not seen what had been written when it broke off."""
    written = written_so_far(followed)
    if written is not None:
        show.update(Update(state=JobState.RUNNING, response=written))
