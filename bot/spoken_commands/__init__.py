"""What a person can tell the assistant to do in fixed words: stop, cancel, say it again. Pure.

    match = find_commands(words_of("¿Puedes repetirlo más despacio?"))
    match.kinds  # (CommandKind.REPEAT, CommandKind.SLOWER)

English and Spanish, spoken or written. The phrases are in `en.toml` and `es.toml`; they count only
as a whole utterance, never as a part of one. No model decides, and nothing is called.
"""

from bot.spoken_commands.grammar import compile_grammars
from bot.spoken_commands.matching import (
    CONFIRMATION,
    CONFIRMED,
    STYLES,
    Agreement,
    CommandKind,
    CommandMatch,
    JobNoun,
    SpokenCommand,
    find_answer,
    find_commands,
)
from bot.spoken_commands.normalization import is_quoted, plain, words_of

__all__ = [
    "CONFIRMATION",
    "CONFIRMED",
    "STYLES",
    "Agreement",
    "CommandKind",
    "CommandMatch",
    "JobNoun",
    "SpokenCommand",
    "compile_grammars",
    "find_answer",
    "find_commands",
    "is_quoted",
    "plain",
    "words_of",
]
