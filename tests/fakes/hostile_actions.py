"""What a service may answer with that nobody has asked for; every door refuses it."""

from typing import Any, Final

HOSTILE: Final[dict[str, Any]] = {
    "nobody offered": {"service": "PENNY", "module": "SPEAK", "params": {}},
    "no module": {"service": "GRACE", "module": "HACK_THE_BANK", "params": {}},
    "10,000": [{"service": "GRACE", "module": "TITLER", "params": {}}] * 10_000,
    "10,000 steps": {
        "service": "GRACE",
        "module": "TITLER",
        "params": {},
        "then": [{"service": "GRACE", "module": "TITLER", "params": {}}] * 10_000,
    },
    "wrong": {"service": "GRACE", "module": "TITLER", "params": {"words": 10**9}},
    "giant": {"service": "GRACE", "module": "TITLER", "params": {"text": "x" * 200_000}},
}
ASKS: Final = "give me a title for this article"
"""What a person says to a service that answers so."""
