"""Listens to one conversation, on a thread of its own.

While somebody speaks, it looks for packets every 10 ms. While nobody does, it sleeps until a packet
comes: most voice channels are silent most of the time. The thread is none of the event loop's
executor: that one has six on two processors, so the seventh conversation would be deaf, and nothing
else could ever run there.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable

from audio.speech_events import SpeechEvent
from bot.clock import Clock
from bot.voice_agent.events import JudgedWords
from bot.voice_agent.options.latency import LatencyOptions
from bot.voice_agent.ports import SpeechInput, VoiceTransport

log = logging.getLogger(__name__)


class HearingThread(threading.Thread):
    """Carries frames from a transport to a speech input, and its events to `deliver`.

    Only this thread touches the speech input; the methods are for any other thread.

    Args:
        options: How often to look.
        deliver: Called on this thread with the events of one look, if there are any.
        on_end: Called on this thread at its end.
    """

    def __init__(
        self,
        transport: VoiceTransport,
        speech_input: SpeechInput,
        clock: Clock,
        options: LatencyOptions,
        deliver: Callable[[list[SpeechEvent]], None],
        on_end: Callable[[], None],
    ) -> None:
        super().__init__(daemon=True, name="voice-hearing")
        self._transport = transport
        self._speech_input = speech_input
        self._clock = clock
        self._options = options
        self._deliver = deliver
        self._on_end = on_end
        self._is_over = threading.Event()
        self._forgotten: set[int] = set()
        self._judged: deque[JudgedWords] = deque()

    def forget(self, user_id: int) -> None:
        """Drop what a person is saying."""
        self._forgotten.add(user_id)
        self._transport.wake()

    def tell(self, judged: JudgedWords) -> None:
        """Tell the speech input how complete somebody's words are."""
        self._judged.append(judged)
        self._transport.wake()

    def end(self) -> None:
        """Stop soon."""
        self._is_over.set()
        self._transport.wake()

    def run(self) -> None:
        """Listen until the end."""
        try:
            self._hear()
        finally:
            self._on_end()

    def _hear(self) -> None:
        due = self._clock.now()
        while not self._is_over.is_set():
            now = self._clock.now()
            is_at_rest = False
            try:
                events = self._listen(now)
                is_at_rest = self._speech_input.is_at_rest
            except Exception:
                log.exception("speech input failed; it continues with the next frames")
                events = []
            if events:
                self._deliver(events)
            if is_at_rest and not self._has_orders:
                self._transport.wait(self._options.rest_interval_s)
                due = self._clock.now()
            else:
                due = max(due + self._options.hear_interval_s, now)
                self._is_over.wait(max(0.0, due - self._clock.now()))

    def _listen(self, now: float) -> list[SpeechEvent]:
        while self._forgotten:
            self._speech_input.forget(self._forgotten.pop())
        while self._judged:
            judged = self._judged.popleft()
            self._speech_input.transcribed(judged.user_id, judged.ended_s, judged.words)
        return self._speech_input.tick(self._transport.pull(now), now)

    @property
    def _has_orders(self) -> bool:
        """Whether something is to be done at once; asked last: pulling ends a wake-up."""
        return bool(self._is_over.is_set() or self._forgotten or self._judged)
