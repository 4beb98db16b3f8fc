"""From Opus packets to encrypted RTP packets. Pure: the counterpart of `Receiver`.

    sender = Sender()
    sender.set_transport_key(mode, key)
    sender.set_dave_session(session, protocol_version=1)
    datagram = sender.pack(opus, ssrc=ssrc)      # every 20 ms, or
    sender.skip()

Not thread-safe: it belongs to the playback thread.
"""

from audio.constants import FRAME_SAMPLES
from audio.discord_voice import rtp
from audio.discord_voice.dave import Dave, DaveSession
from audio.discord_voice.transport_crypto import Transport

_MAX_UINT16 = 0xFFFF
_MAX_UINT32 = 0xFFFFFFFF


class Sender:
    """One RTP stream.

    Attributes:
        sequence: The next packet's sequence number.
        timestamp: The timestamp of its first sample.
    """

    def __init__(self) -> None:
        self.sequence = self.timestamp = 0
        self._transport: Transport | None = None
        self._key: tuple[str, bytes] | None = None
        self._dave = Dave()

    def set_transport_key(self, mode: str, secret_key: bytes) -> None:
        """Encrypt for transport with this key. Cheap when it is the one in use.

        Raises:
            AudioError: The mode is unknown.
        """
        key = mode, secret_key
        if key != self._key:
            self._transport, self._key = Transport(mode, secret_key), key

    def set_dave_session(self, session: DaveSession | None, *, protocol_version: int) -> None:
        """Encrypt end to end with this session; version 0: not at all."""
        self._dave.use(session, protocol_version)

    def pack(self, opus: bytes, *, ssrc: int) -> bytes:
        """A datagram with the next 20 ms. Time and sequence advance even if this fails.

        Raises:
            ValueError: There is no key yet: nothing is ever sent in the clear.
        """
        header = rtp.build_header(self.sequence, self.timestamp, ssrc)
        self.sequence = (self.sequence + 1) & _MAX_UINT16
        self.skip()
        payload = self._dave.seal(opus)
        if payload is None or self._transport is None:
            raise ValueError("there is no key yet")
        return self._transport.seal(header, payload)

    def skip(self, frames: int = 1) -> None:
        """Let so many times 20 ms pass without a packet: time advances, the sequence does not."""
        self.timestamp = (self.timestamp + frames * FRAME_SAMPLES) & _MAX_UINT32
