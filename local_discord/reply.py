"""What a person holds after a command or a click: the bot's answer, as far as it has come."""

from __future__ import annotations

from .errors import NotSeen
from .interactions import Answer, Interaction, Interactions
from .values import ComponentType, Json, Message, walk
from .waiting import PATIENCE


class Reply:
    """The bot's answer to one interaction."""

    def __init__(self, interactions: Interactions, interaction: Interaction) -> None:
        self._all = interactions
        self.interaction = interaction

    @property
    def message(self) -> Message:
        """The answer itself."""
        if self.interaction.original is None:
            raise AssertionError(f"the answer was {self.interaction.answer!r}, not a message")
        return self.interaction.original

    @property
    def messages(self) -> list[Message]:
        """The answer and its follow-ups, those deleted left out."""
        first = [self.interaction.original] if self.interaction.original else []
        return [m for m in [*first, *self.interaction.followups] if not m.deleted]

    @property
    def text(self) -> str:
        """All words of all messages."""
        return "\n".join(message.text for message in self.messages)

    @property
    def ephemeral(self) -> bool:
        """Whether only the person who asked sees the answer."""
        return self.message.is_ephemeral

    @property
    def deferred(self) -> bool:
        """Whether the bot first said that it is thinking."""
        return self.interaction.answer in (Answer.DEFERRED, Answer.DEFERRED_UPDATE)

    @property
    def modal(self) -> Modal:
        """The dialog that the bot opened."""
        if self.interaction.modal is None:
            raise AssertionError(f"the answer was {self.interaction.answer!r}, not a modal")
        return Modal(self.interaction)

    @property
    def seconds(self) -> float:
        """How long the bot took to answer at all."""
        return (self.interaction.answered_at or self.interaction.sent_at) - self.interaction.sent_at

    def expire(self) -> None:
        """Let the interaction's token run out now, as after 15 minutes."""
        self._all.expire(self.interaction)

    def lapse(self) -> None:
        """Let the time for a first answer be over now."""
        self._all.lapse(self.interaction)

    async def answered(self) -> Reply:
        """Wait for the first answer.

        Raises:
            NotSeen: None came in time; the person sees "The application did not respond".
        """
        one, everything = self.interaction, self._all

        def find() -> Interaction | None:
            return one if one.answer is not None or everything.late(one) else None

        limit = everything.answer_seconds
        missing = f"The application did not respond within {limit:g} s"
        await everything.world.waiters.until(one, find, within=limit + 0.5, missing=lambda: missing)
        if one.answer is None:
            raise NotSeen(missing)
        return self

    async def done(self, within: float = PATIENCE) -> Message:
        """Wait until the answer no longer says that the bot is thinking."""
        one = self.interaction

        def find() -> Message | None:
            return one.original if one.original and not one.original.is_thinking else None

        return await self._all.world.waiters.until(
            one.channel.id,
            find,
            within=within,
            missing=lambda: f"still thinking after {within:g} s",
        )


class Modal:
    """A dialog on a person's screen."""

    def __init__(self, interaction: Interaction) -> None:
        self.interaction = interaction
        self.json: Json = interaction.modal or {}

    @property
    def title(self) -> str:
        """Its heading."""
        return str(self.json["title"])

    @property
    def fields(self) -> dict[str, Json]:
        """Its fields by what stands above them."""
        found: dict[str, Json] = {}
        for component in walk(self.json["components"]):
            inner = component.get("component")
            if component["type"] == ComponentType.LABEL and inner:
                found[component["label"]] = inner
            elif component["type"] == ComponentType.TEXT_INPUT and component.get("label"):
                found[component["label"]] = component
        return found
