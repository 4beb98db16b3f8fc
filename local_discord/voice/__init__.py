"""The voice half of the local Discord: voice gateway, UDP, DAVE, speakers. See README.md."""

from .clips import Clip, Microphone, Sound
from .line import Line, Packet, Recording
from .network import Network
from .opcodes import Close, Op
from .speaker import Habits, Speaker, Speech
from .transport import Mode
from .trouble import Voice

__all__ = [
    "Clip",
    "Close",
    "Habits",
    "Line",
    "Microphone",
    "Mode",
    "Network",
    "Op",
    "Packet",
    "Recording",
    "Sound",
    "Speaker",
    "Speech",
    "Voice",
]
