"""Shows the minutes of a meeting: Grace's progress, then the summary with the transcript."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

from bot.contract import Response
from bot.contract.envelope import speaker_label
from bot.discord_client import SkyDeck
from bot.errors import SkydeckError
from bot.i18n import duration
from bot.jobs.view import PlacePart, Requester, Snowflake, stored_as
from bot.runpod.models import Update
from bot.store.records import Minute
from cogs.shared.answering import Placeholder
from cogs.shared.error_messages import explain
from cogs.shared.job_message import JobMessage, MessageView
from cogs.shared.page import Page
from cogs.shared.splitting import disarm

MODULE: Final = "SUMMARIZER"
MAX_CHARS: Final = 200_000
"""The newest part of a transcript that is summed up."""
_MAX_FILE_BYTES: Final = 9 * 1024 * 1024
"""Below Discord's limit on servers without boosts (10 MiB), request overhead included."""


def transcript(minutes: Sequence[Minute]) -> str:
    """The transcript for Grace: a line per turn, the newest `MAX_CHARS`."""
    text = "\n".join(f"{speaker_label(one.name)}: {' '.join(one.text.split())}" for one in minutes)
    return text if len(text) <= MAX_CHARS else text[-MAX_CHARS:].partition("\n")[2]


def record(minutes: Sequence[Minute]) -> bytes:
    """The transcript for people, with times in UTC, as a file."""
    lines = [
        f"{datetime.fromtimestamp(one.at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}  "
        f"{one.name}: {' '.join(one.text.split())}"
        for one in minutes
    ]
    return "\n".join([*lines, ""]).encode("utf-8", "replace")


class Notes(PlacePart):
    """Selects the part of a transcript that is summed up.

    Attributes:
        since_ms: Its beginning, UTC epoch milliseconds.
        clear: Whether to delete the channel's transcript once it is summed up.
        may_attach: Whether files may be attached where the summary is shown.
    """

    voice_channel_id: Annotated[Snowflake, stored_as("voice")]
    since_ms: Annotated[int, stored_as("since")]
    clear: bool
    may_attach: bool


class MinutesMessage(Notes, JobMessage):
    """A minutes job's place."""

    kind: str = "minutes"


@dataclass(slots=True)
class MinutesJobView(MessageView[MinutesMessage]):
    """Shows the summary in one message."""

    _done: tuple[int, int] | None = None

    def update(self, update: Update) -> None:
        """Note how many parts of a long transcript Grace has summed up."""
        output = None if update.response is None else update.response.output
        data = output.data if output is not None else None
        counts = data.get("progress") if isinstance(data, dict) else None
        if isinstance(counts, dict):
            done, total = counts.get("done"), counts.get("total")
            if isinstance(done, int) and isinstance(total, int) and total > 1:
                self._done = done, total

    async def refresh(self) -> None:
        """Show the progress and the elapsed time."""
        took = duration(self.bot.clock.wall() - self.place.begun)
        text = self.words("voice.minutes.working", took=took)
        if self._done is not None:
            text += f" · {self._done[0]}/{self._done[1]}"
        await self.live.refresh(Page(text=text, view=self.controls))

    async def done(self, response: Response) -> None:
        """Show the summary, with the transcript."""
        place, minutes = self.place, self.bot.store.minutes
        where = place.guild_id or 0, place.voice_channel_id
        said = await minutes.get(*where, since_ms=place.since_ms)
        heading = self.words("voice.minutes.heading", channel=f"<#{place.voice_channel_id}>")
        text = disarm((response.text or "").strip()) or self.words("voice.minutes.empty")
        footer = self.words.count("voice.minutes.turns", len(said))
        data = record(said)
        fits = place.may_attach and len(data) <= _MAX_FILE_BYTES
        files = (("transcript.txt", data),) if fits else ()
        await self.live.settle(Page(text=f"{heading}\n{text}\n-# {footer}", files=files))
        if place.clear:
            await minutes.clear(*where)

    async def failed(self, error: SkydeckError) -> None:
        """Say why there is no summary."""
        await self.live.settle(Page(text=explain(error, self.words).text))


def make_view(
    bot: SkyDeck, requester: Requester, placeholder: Placeholder, notes: Notes
) -> MinutesJobView:
    """The view of minutes that are about to be summed up."""
    place = MinutesMessage.at(placeholder.live, requester, notes, begun=bot.clock.wall())
    return MinutesJobView(bot, place, placeholder.live, placeholder)
