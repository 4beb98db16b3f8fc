"""What is kept for actions that are asked for in a sentence, how much and how long. Pure."""

from typing import Final

MAX_TURNS: Final = 500
"""How many turns can be worked on."""
MAX_AGE_S: Final = 4 * 3600.0
"""How long a turn can be worked on, in seconds."""
MAX_TURN_CHARS: Final = 4_000
"""How much of a turn."""
MAX_PROPOSED: Final = 32
"""How many answers that come with an action may wait for the end of their turn."""
QUESTION_OPEN_S: Final = 60.0
"""How long a question whether to do something can be answered, in seconds."""
MAX_CONFIRMATIONS: Final = 1_000
"""How many such questions are open at once; beyond that, the oldest is forgotten."""
