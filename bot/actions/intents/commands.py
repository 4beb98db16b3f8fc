"""Spoken commands in words that no phrase has: "shush, mum's on the phone". Pure."""

from collections.abc import Collection
from typing import Final

from bot.actions.intents.features import features_of
from bot.actions.intents.ngrams import MIN_WORDS, packaged_model
from bot.actions.language_words import language_in
from bot.actions.plain_words import joined, tokens_of
from bot.languages import LANGUAGES
from bot.spoken_commands import CommandKind, CommandMatch, SpokenCommand

MIN_LOG_ODDS: Final = 1.0
"""The natural logarithm of how much likelier than talk a command must be. Learned from two thirds
of the authors, it finds 40 of 100 commands of the others, most of which are said a long way round,
and takes 5 of 1,000 of their talk for one; most of that mentions what could be asked for."""
_KINDS: Final = {kind.name: kind for kind in CommandKind} | {
    "CANCEL": CommandKind.CANCEL_JOB  # who says it in many words says what
}
_CODES: Final = {one.english: code for code, one in LANGUAGES.items()}


def likely_command(utterance: str, names: Collection[tuple[str, ...]]) -> CommandMatch | None:
    """The command that an utterance most likely is; None: it is more likely something else.

    Args:
        utterance: All that was said.
        names: The assistant's names, each as plain words.
    """
    tokens = tokens_of(utterance)
    if len(tokens) < MIN_WORDS:
        return None
    judgement = packaged_model().judge(features_of(utterance, names))
    kind = _KINDS.get(judgement.intent)
    if kind is None or judgement.log_odds < MIN_LOG_ODDS:
        return None
    if kind is not CommandKind.LANGUAGE:
        return CommandMatch((SpokenCommand(kind),), None)
    code = _CODES.get(language_in(joined(tokens)) or "")
    return None if code is None else CommandMatch((SpokenCommand(kind, code),), None)
