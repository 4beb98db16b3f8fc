"""How many actions the person at this machine asked for of late, across the runs of `skydeck ask`.

A run ends with its answer, so what it counted is kept in a small file for the next one.
"""

import json
import logging
from pathlib import Path
from typing import Final

from bot.clock import Clock
from bot.local_service.place import CannotShare, Place
from bot.models.lock import exclusive
from bot.rate_limits import ActionBucket

log = logging.getLogger(__name__)

_MAX_BYTES: Final = 1_000
_NEVER: Final = ActionBucket(left=0.0, at_s=float("-inf"))


def take_action(clock: Clock, folder: Path | None = None) -> float:
    """Count an action; blocks for as long as another process writes a few bytes.

    Args:
        clock: Its wall time is what runs share.
        folder: Where the file is; None: the user's folder for what need not outlive the machine.

    Returns:
        0.0 if the action is admitted, else in how many seconds the next one is.
    """
    place = Place(folder)
    kept = place.folder / "actions.json"
    try:
        place.open()
        with exclusive(place.folder / "actions.lock", lambda: None):
            wait_s, after = _read(kept).take(clock.wall())
            if wait_s == 0:
                _write(kept, after)
    except (OSError, CannotShare) as e:  # a disk that is full is no reason to do nothing
        log.info("actions are not counted: %s", e)
        return 0.0
    return wait_s


def _read(path: Path) -> ActionBucket:
    try:
        with path.open("rb") as file:
            known = json.loads(file.read(_MAX_BYTES))
        return ActionBucket(left=float(known["left"]), at_s=float(known["at_s"]))
    except (OSError, ArithmeticError, ValueError, TypeError, KeyError, RecursionError):
        return _NEVER


def _write(path: Path, bucket: ActionBucket) -> None:
    path.write_text(json.dumps({"left": bucket.left, "at_s": bucket.at_s}), "utf-8")
