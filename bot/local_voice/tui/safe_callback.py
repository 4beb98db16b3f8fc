"""A fault in a face is told, and the face lives on: behind it is a conversation."""

import contextlib
import logging
from collections.abc import Callable, Iterator

from bot.errors import SkydeckError

log = logging.getLogger(__name__)


@contextlib.contextmanager
def steady(tell: Callable[[str], None]) -> Iterator[None]:
    """Tell in words what goes wrong inside, and go on after it."""
    try:
        yield
    except SkydeckError as error:
        tell(str(error))
    except Exception as error:  # whatever it is: nothing above could do better than tell it
        log.exception("a fault in the terminal app")
        tell(f"Something went wrong here: {type(error).__name__}: {error}")
