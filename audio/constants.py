"""Facts about sound that more than one module needs, one line each.

Sources: RFC 6716 (Opus), RFC 7845 (Opus in Ogg), Discord's voice documentation.
"""

from typing import Final

OPUS_RATE_HZ: Final = 48_000
"""The clock of Opus: timestamps, durations and granule positions count samples at this rate."""
SPEECH_RATE_HZ: Final = 16_000
"""The rate that speech models take."""

FRAME_MS: Final = 20
FRAME_SAMPLES: Final = OPUS_RATE_HZ * FRAME_MS // 1000
FRAME_S: Final = FRAME_MS / 1000
SPEECH_FRAME_SAMPLES: Final = SPEECH_RATE_HZ * FRAME_MS // 1000

LIBOPUS_PRE_SKIP: Final = 312
"""libopus's usual encoder look-ahead (6.5 ms), which a player discards."""
MAX_PACKET_MS: Final = 120
"""The longest Opus packet, RFC 6716 section 3.2.5."""
MAX_PACKET_SAMPLES: Final = OPUS_RATE_HZ * MAX_PACKET_MS // 1000

MAX_DATAGRAM_BYTES: Final = 2048
"""How much is read from a voice socket at once: far above the MTU of any path."""
PRE_ROLL_MS: Final = 300
"""How much audio before the start of a turn is kept: a soft first syllable is detected late."""
MAX_CLIP_GAP_MS: Final = 600
"""How much of a pause without packets is kept in a clip."""
MAX_CONCEALED_MS: Final = 3_000
"""A longer loss is shortened to this, so that no packet can claim hours of missing sound."""
