"""What was said while the bot only listened, summed up by Grace."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from bot.client import SkyDeck
from bot.contract import Response
from bot.conversation import Asker
from bot.errors import SkydeckError
from bot.i18n import Words, duration, words_for
from bot.runpod import Update
from bot.store import Job, Minute
from cogs.shared.failures import explain
from cogs.shared.live import LiveMessage, Page
from cogs.shared.splitting import disarm
from cogs.shared.stop_button import stop_view

KIND: Final = "minutes"
"""Our jobs in the journal."""
MODULE: Final = "SUMMARIZER"
MOST_CHARS: Final = 200_000
"""Of a transcript that is summed up; the newest counts."""


def transcript(minutes: Sequence[Minute]) -> str:
    """As text, a line for each turn; the newest `MOST_CHARS` of it."""
    lines = [f"{one.name}: {' '.join(one.text.split())}" for one in minutes]
    text = "\n".join(lines)
    return text if len(text) <= MOST_CHARS else text[-MOST_CHARS:].partition("\n")[2]


@dataclass(slots=True)
class MinutesShow:
    """A `bot.conversation.Show`: the summary, in one message.

    Attributes:
        bot: Whose.
        live: The message.
        words: The person's language.
        begun: When it was asked for, on the wall clock.
    """

    bot: SkyDeck
    live: LiveMessage
    words: Words
    begun: float
    _journal_id: int | None = None

    async def started(self, journal_id: int) -> None:
        """The job is in the journal."""
        self._journal_id = journal_id

    def update(self, update: Update) -> None:
        """There is nothing to show before the summary."""

    async def refresh(self) -> None:
        """Show for how long it has been going on."""
        took = duration(self.bot.clock.wall() - self.begun)
        view = None if self._journal_id is None else stop_view(self._journal_id, self.words)
        await self.live.refresh(
            Page(text=self.words("voice.minutes.working", took=took), view=view)
        )

    async def done(self, response: Response) -> None:
        """Show the summary."""
        text = disarm(response.text.strip()) or self.words("voice.minutes.empty")
        heading = self.words("voice.minutes.heading")
        await self.live.settle(Page(text=f"**{heading}**\n{text}"))

    async def failed(self, error: SkydeckError) -> None:
        """Say why there is none."""
        await self.live.settle(Page(text=explain(error, self.words).text))


def make_show(bot: SkyDeck, asker: Asker, message_id: int) -> MinutesShow:
    """The face of minutes that are about to be summed up."""
    live = LiveMessage(bot, asker.channel_id, message_id, asker.user_id)
    return MinutesShow(bot, live, words_for(asker.locale), bot.clock.wall())


def place_of(asker: Asker, message_id: int) -> dict[str, JsonValue]:
    """What the journal is to know of it."""
    return {
        "kind": KIND,
        "channel": str(asker.channel_id),
        "message": str(message_id),
        "user": str(asker.user_id),
        "locale": asker.locale,
    }


async def revive(bot: SkyDeck, job: Job) -> MinutesShow:
    """The face of minutes that another process had begun.

    Raises:
        KeyError, ValueError: Its place is not ours.
    """
    place = job.place
    live = LiveMessage(
        bot, int(str(place["channel"])), int(str(place["message"])), int(str(place["user"]))
    )
    show = MinutesShow(bot, live, words_for(str(place["locale"])), job.created_at_ms / 1000)
    await show.started(job.journal_id)
    return show
