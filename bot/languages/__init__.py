"""The languages: one table of them, and the decision which one a text or a recording is in."""

from bot.languages.decision import NO_HINTS, LanguageDecision, LanguageHints, Probabilities, decide
from bot.languages.table import DEFAULT, LANGUAGES, Language, find_language, primary

__all__ = [
    "DEFAULT",
    "LANGUAGES",
    "NO_HINTS",
    "Language",
    "LanguageDecision",
    "LanguageHints",
    "Probabilities",
    "decide",
    "find_language",
    "primary",
]
