"""Commands in fixed words: what "louder" and "slower" change, and how they are answered. Pure.

The phrases are in `bot.spoken_commands`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandOptions:
    """What "louder" and "slower" change, and how what there is to say about a command is spoken.

    Attributes:
        gain_step_db: Decibels that "louder" adds, and "quieter" takes.
        min_gain_db: Decibels. It does not become quieter.
        max_gain_db: Decibels. It does not become louder.
        tempo_step: "Faster" multiplies the tempo by it, "slower" divides by it.
        min_tempo: Relative to the voice's own. It does not become slower.
        max_tempo: The same, for faster.
        confirmed_within_s: Seconds. So long after the assistant has asked whether to do something,
            a "yes" does it.
        is_for_one: All ids are one person's, who speaks and types.
        settles_s: Seconds. Words that are a command count when none have followed for this time: a
            transcript may come in pieces.
        spoken_within_s: Seconds. What a service that does not speak by then was to say is only
            shown.
        max_answers: Answers that may wait to be played; the latest that was is kept, to be said
            again.
        max_text_chars: Characters that are spoken about a command.
    """

    gain_step_db: float = 6.0
    min_gain_db: float = -18.0
    max_gain_db: float = 12.0
    tempo_step: float = 1.2
    min_tempo: float = 0.6
    max_tempo: float = 1.75
    confirmed_within_s: float = 30.0
    is_for_one: bool = False
    settles_s: float = 0.25
    spoken_within_s: float = 8.0
    max_answers: int = 8
    max_text_chars: int = 600
