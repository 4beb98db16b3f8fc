"""The message of minutes: that Grace is at it, then the summary with the transcript."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from pydantic import JsonValue

from bot.contract import Response
from bot.contract.envelope import speaker_label
from bot.discord_client import SkyDeck
from bot.errors import SkydeckError
from bot.i18n import Words, duration, words_for
from bot.jobs.view import Requester
from bot.runpod.models import Update
from bot.store.records import Minute
from bot.store.repositories.recovery import Job
from cogs.shared.answering import FirstLine, find_line
from cogs.shared.error_messages import explain
from cogs.shared.live import LiveMessage, live_at
from cogs.shared.page import Page
from cogs.shared.splitting import disarm
from cogs.shared.stop_button import stop_view

KIND: Final = "minutes"
"""Our jobs in the journal."""
MODULE: Final = "SUMMARIZER"
MAX_CHARS: Final = 200_000
"""Of a transcript that is summed up; the newest counts."""
_MAX_FILE_BYTES: Final = 9 * 1024 * 1024
"""Under what Discord takes on a server without boosts (10 MiB), form and all."""


def transcript(minutes: Sequence[Minute]) -> str:
    """For Grace: a line for each turn; the newest `MAX_CHARS` of it."""
    text = "\n".join(f"{speaker_label(one.name)}: {' '.join(one.text.split())}" for one in minutes)
    return text if len(text) <= MAX_CHARS else text[-MAX_CHARS:].partition("\n")[2]


def record(minutes: Sequence[Minute]) -> bytes:
    """For people: the same with times (UTC), as a file."""
    lines = [
        f"{datetime.fromtimestamp(one.at_ms / 1000, UTC):%Y-%m-%d %H:%M:%S}  "
        f"{one.name}: {' '.join(one.text.split())}"
        for one in minutes
    ]
    return "\n".join([*lines, ""]).encode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Which part of which transcript; all of it is in the journal's `place`.

    Attributes:
        guild_id: The server.
        channel_id: The voice channel.
        since_ms: From when on, UTC epoch milliseconds.
        clear: Whether the channel's transcript is forgotten once it is summed up.
        may_attach: Whether files may be attached where the summary is shown.
    """

    guild_id: int
    channel_id: int
    since_ms: int
    clear: bool
    may_attach: bool

    def to_place(self) -> dict[str, JsonValue]:
        """As the journal keeps it; ids are strings, as in Discord's own JSON."""
        return {
            "guild": str(self.guild_id),
            "voice": str(self.channel_id),
            "since": self.since_ms,
            "clear": self.clear,
            "may_attach": self.may_attach,
        }

    @classmethod
    def of_place(cls, place: Mapping[str, Any]) -> Self:
        """What `to_place` has written.

        Raises:
            KeyError, ValueError: Somebody else wrote it.
        """
        return cls(
            guild_id=int(place["guild"]),
            channel_id=int(place["voice"]),
            since_ms=int(place["since"]),
            clear=bool(place["clear"]),
            may_attach=bool(place["may_attach"]),
        )


@dataclass(slots=True)
class MinutesJobView:
    """A `bot.voice_agent.Show`: the summary, in one message.

    Attributes:
        bot: Whose.
        live: The message.
        notes: What is summed up.
        words: The person's language.
        begun: When it was asked for, on the wall clock.
        place: What the journal knows of it.
        line: Its first message, when that is still to be posted.
    """

    bot: SkyDeck
    live: LiveMessage
    notes: Notes
    words: Words
    begun: float
    place: Mapping[str, JsonValue]
    line: FirstLine | None = None
    _journal_id: int | None = None
    _done: tuple[int, int] | None = None

    async def started(self, journal_id: int) -> Mapping[str, JsonValue] | None:
        """The job is in the journal."""
        self._journal_id = journal_id
        if self.line is None:
            return None
        await self.line.show()
        return {**self.place, "message": str(self.live.message_id)}

    def update(self, update: Update) -> None:
        """A summary of something long is made in parts, which Grace counts."""
        output = None if update.response is None else update.response.output
        data = output.data if output is not None else None
        counts = data.get("progress") if isinstance(data, dict) else None
        if isinstance(counts, dict):
            done, total = counts.get("done"), counts.get("total")
            if isinstance(done, int) and isinstance(total, int) and total > 1:
                self._done = done, total

    async def refresh(self) -> None:
        """Show how far it is, and for how long it has been going on."""
        text = self.words(
            "voice.minutes.working", took=duration(self.bot.clock.wall() - self.begun)
        )
        if self._done is not None:
            text += f" · {self._done[0]}/{self._done[1]}"
        view = None if self._journal_id is None else stop_view(self._journal_id, self.words)
        await self.live.refresh(Page(text=text, view=view))

    async def done(self, response: Response) -> None:
        """Show the summary, with the transcript."""
        notes, minutes = self.notes, self.bot.store.minutes
        said = await minutes.get(notes.guild_id, notes.channel_id, since_ms=notes.since_ms)
        heading = self.words("voice.minutes.heading", channel=f"<#{notes.channel_id}>")
        text = disarm((response.text or "").strip()) or self.words("voice.minutes.empty")
        footer = self.words.count("voice.minutes.turns", len(said))
        data = record(said)
        fits = notes.may_attach and len(data) <= _MAX_FILE_BYTES
        files = (("transcript.txt", data),) if fits else ()
        await self.live.settle(Page(text=f"{heading}\n{text}\n-# {footer}", files=files))
        if notes.clear:
            await minutes.clear(notes.guild_id, notes.channel_id)

    async def failed(self, error: SkydeckError) -> None:
        """Say why there is none."""
        await self.live.settle(Page(text=explain(error, self.words).text))


def make_show(bot: SkyDeck, asker: Requester, line: FirstLine, notes: Notes) -> MinutesJobView:
    """The face of minutes that are about to be summed up."""
    live, words = line.live, words_for(asker.locale)
    place = place_of(asker, live, notes)
    return MinutesJobView(bot, live, notes, words, bot.clock.wall(), place, line)


def place_of(asker: Requester, live: LiveMessage, notes: Notes) -> dict[str, JsonValue]:
    """What the journal is to know of it."""
    return {
        "kind": KIND,
        "channel": str(asker.channel_id),
        "message": str(live.message_id),
        "nonces": live.nonces.seed,
        "user": str(asker.user_id),
        "locale": asker.locale,
        **notes.to_place(),
    }


async def revive(bot: SkyDeck, job: Job) -> MinutesJobView | None:
    """The face of minutes that another process had begun; None when nobody waits for them.

    Raises:
        KeyError, ValueError: Its place is not ours.
        OSError, TimeoutError: Discord does not answer now.
    """
    place = job.place
    found = await find_line(bot, job, live_at(bot, place, int(str(place["user"]))))
    if found is None:
        return None
    live, line = found
    notes, begun = Notes.of_place(place), job.created_at_ms / 1000
    return MinutesJobView(bot, live, notes, live.words, begun, place, line, job.journal_id)
