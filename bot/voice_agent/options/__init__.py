"""Every knob of a spoken conversation: its unit, its default, and what it changes. Pure.

    options = VoiceAgentOptions(preemptive_generation=False)

Each kind of knob has a file; the lists of words are TOML. `VoiceSessionFactory` and `VoiceSession`
take the options from the `SessionConfig` and hand each part to the module that needs it;
`DEFAULT_OPTIONS` applies otherwise.
"""

from dataclasses import dataclass, field
from typing import Final

from audio.endpointing import EndpointingOptions
from bot.voice_agent.options.barge_in import InterruptionOptions
from bot.voice_agent.options.commands import CommandOptions
from bot.voice_agent.options.endpointing import default_endpointing
from bot.voice_agent.options.follow_up import FollowUpOptions
from bot.voice_agent.options.history import ChatContextOptions
from bot.voice_agent.options.latency import LatencyOptions
from bot.voice_agent.options.limits import LimitOptions
from bot.voice_agent.options.phrases import PhraseOptions
from bot.voice_agent.options.thinking_sound import ThinkingSoundOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceAgentOptions:
    """All knobs of a spoken conversation.

    Attributes:
        endpointing: When a turn begins, pauses and ends.
        interruption: When speech stops an answer.
        phrases: Backchannels, acknowledgements and names.
        commands: How commands are understood and answered.
        follow_up: How long after an answer no name is needed.
        preemptive_generation: Send a request at a pause, before the turn is known to be over. It
            saves the rest of the wait, and costs a request that may be cancelled.
            `SKYDECK_VOICE_EAGER` sets it.
        partial_recognition: Let the service recognise what was said so far, and read it and the
            conversation before into its language model, while somebody still speaks. Nothing of it
            is shown or played. `SKYDECK_VOICE_EAGER` sets it, for services on this machine alone:
            elsewhere it would cost money.
        max_partial_s: Seconds of a turn. A longer one is recognised at its pauses only, since each
            partial is recognised from the beginning.
        warm_up_after_s: Seconds. A service not called for this long is woken when somebody begins
            to speak; 0: never. `SKYDECK_VOICE_WARM_S` sets it.
        thinking_sound: The cues while somebody waits.
        chat_context: How much of the conversation the model is told.
        speech_chars_per_s: Characters per second that voices speak in English and Spanish, where
            the service does not say which words it has spoken. Rather too low, so that the
            transcript never claims words that were not heard.
        latency: Polling intervals, and the latency that is kept.
        limits: Bounds on what people and services send.
    """

    endpointing: EndpointingOptions = field(default_factory=default_endpointing)
    interruption: InterruptionOptions = field(default_factory=InterruptionOptions)
    phrases: PhraseOptions = field(default_factory=PhraseOptions)
    commands: CommandOptions = field(default_factory=CommandOptions)
    follow_up: FollowUpOptions = field(default_factory=FollowUpOptions)
    preemptive_generation: bool = True
    partial_recognition: bool = False
    max_partial_s: float = 12.0
    warm_up_after_s: float = 0.0
    thinking_sound: ThinkingSoundOptions = field(default_factory=ThinkingSoundOptions)
    chat_context: ChatContextOptions = field(default_factory=ChatContextOptions)
    speech_chars_per_s: float = 14.0
    latency: LatencyOptions = field(default_factory=LatencyOptions)
    limits: LimitOptions = field(default_factory=LimitOptions)


DEFAULT_OPTIONS: Final = VoiceAgentOptions()
