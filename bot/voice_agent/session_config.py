"""The settings of one spoken conversation. Pure."""

from dataclasses import dataclass

from bot.contract import Context, Message, Source, System
from bot.contract.envelope import given
from bot.contract.persona import context_persona
from bot.persona import NO_PERSONA, Persona
from bot.voice_agent.events import Attention
from bot.voice_agent.options import DEFAULT_OPTIONS, VoiceAgentOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionConfig:
    """The settings of one conversation.

    Attributes:
        system: The identity to call Penny with; it names the assistant.
        guild_id: None on a local microphone.
        channel_id: None on a local microphone.
        language: The language that somebody set for everyone; None: people's words tell.
        locale: The Discord locale of people whose own is unknown: a hint.
        attention: When the assistant answers.
        persona: Who the assistant is there; its language and its voice are `language` above and
            `VoiceSession.voice`.
    """

    system: System
    guild_id: int | None
    channel_id: int | None
    language: str | None = None
    locale: str | None = None
    attention: Attention = Attention.AUTO
    options: VoiceAgentOptions = DEFAULT_OPTIONS
    persona: Persona = NO_PERSONA

    @property
    def assistant(self) -> str:
        """The name that the assistant answers to."""
        return self.persona.name or self.system.assistant

    def source(self, user_id: int | None) -> Source:
        """The contract's `source` of what a person, or nobody, asks here."""
        ids = {"guild": self.guild_id, "channel": self.channel_id, "user": user_id}
        return Source(system=self.system, **{k: str(v) for k, v in ids.items() if v is not None})

    def context(
        self, history: list[Message], *, locale: str | None, speaker: str | None
    ) -> Context:
        """The contract's `context` of what a person asks here."""
        persona = given(persona=context_persona(self.persona))
        return Context(history=history, locale=locale, speaker=speaker, **persona)
