"""The settings of one spoken conversation. Pure."""

from dataclasses import dataclass

from bot.contract import System
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
        options: The knobs of the conversation.
    """

    system: System
    guild_id: int | None
    channel_id: int | None
    language: str | None = None
    locale: str | None = None
    attention: Attention = Attention.AUTO
    options: VoiceAgentOptions = DEFAULT_OPTIONS
