"""Reads everything that people's words are judged by, for whom the first must not wait."""

from bot.actions.intents.ngrams import packaged_model
from bot.actions.phrases import phrases
from bot.spoken_commands import compile_grammars


def read_ahead() -> None:
    """Read and compile it: blocking, for more than half a second; later calls take no time."""
    compile_grammars()
    phrases()
    packaged_model()
