"""Shows a fault of the app instead of ending it, since a conversation runs behind it."""

import contextlib
import logging
from collections.abc import Callable, Iterator

from bot.errors import SkydeckError

log = logging.getLogger(__name__)


@contextlib.contextmanager
def steady(tell: Callable[[str], None]) -> Iterator[None]:
    """Catch what goes wrong in the block, and tell it in words."""
    try:
        yield
    except SkydeckError as error:
        tell(str(error))
    except Exception as error:  # no caller could do better than show it
        log.exception("a fault in the terminal app")
        tell(f"Something went wrong here: {type(error).__name__}: {error}")
