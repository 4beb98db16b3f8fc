"""Shows a fault of the app instead of ending it, since a conversation runs behind it."""

import contextlib
import logging
from collections.abc import Callable, Iterator

from bot.errors import SkydeckError
from bot.i18n import DEFAULT, Words, words_for
from bot.local_voice.in_words import in_words

log = logging.getLogger(__name__)


@contextlib.contextmanager
def steady(tell: Callable[[str], None], words: Words | None = None) -> Iterator[None]:
    """Catch what goes wrong in the block, and tell it in words."""
    words = words or words_for(DEFAULT)
    try:
        yield
    except SkydeckError as error:
        tell(in_words(error, words))
    except Exception as error:  # no caller could do better than show it
        log.exception("a fault in the terminal app")
        tell(words("talk.fault", error=f"{type(error).__name__}: {error}"))
