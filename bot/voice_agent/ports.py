"""What surrounds a voice conversation: where speech comes from and goes to, and who watches."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from audio.playout_queue import PlayoutQueue
from audio.speech_events import SpeechEvent, SpeechFrame
from audio.turn_end import Words
from bot.contract import Response
from bot.voice_agent.events import Asked, TurnUpdate


class VoiceTransport(Protocol):
    """Carries speech both ways: a voice channel, or a microphone and a loudspeaker."""

    playout: PlayoutQueue

    def pull(self, now_s: float) -> list[SpeechFrame]:
        """The frames received since the last call. Called on the hearing thread."""

    def wait(self, seconds: float) -> None:
        """Wait until there may be something to pull, at most so long. On the hearing thread.

        A transport that cannot tell waits for half of a packet's time.
        """

    def wake(self) -> None:
        """End whoever's `wait`, from any thread."""


class SpeechInput(Protocol):
    """Detects speech in frames (`audio.segmenter.SpeechSegmenter`), on the hearing thread."""

    def tick(self, frames: Sequence[SpeechFrame], now_s: float) -> list[SpeechEvent]:
        """The events in frames that have just been received."""

    @property
    def is_at_rest(self) -> bool:
        """Whether a tick without frames changes nothing."""

    def transcribed(self, user_id: int, ended_s: float, words: Words) -> None:
        """Take in how complete the words are that somebody has said up to a pause."""

    def forget(self, user_id: int) -> None:
        """Drop everything received from a person."""


class TranscriptView(Protocol):
    """Shows the conversation to readers. Its methods must not wait."""

    def show(self, update: TurnUpdate, /) -> None:
        """Show the new state of a turn."""

    def trouble(self, kind: str) -> None:
        """Report a fault of the connection, or that it is over."""


class ActionTaker(Protocol):
    """Takes the actions that people ask for aloud (`bot.contract.actions`)."""

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameters that offer actions with a question; none if nothing can be asked for."""

    def take(self, user_id: int, transcript: str, response: Response) -> None:
        """Take the action of an answer that was played to its end. It must not wait."""


class SessionRecorder(Protocol):
    """Records what is sent and received. Its methods must not wait."""

    def asked(self, request: Asked, /) -> None:
        """A request goes to the service, or commands are about to be performed."""

    def answered(self, utterance_id: int, packets: Sequence[bytes], /) -> None:
        """A piece of an answer goes to the playout: Opus, 20 ms a packet."""

    def charged(self, cost_usd: float) -> None:
        """The service has named the cost of a call."""
