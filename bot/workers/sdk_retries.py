"""How often the SDKs of language models' APIs repeat a request, and how long they wait for it."""

from typing import Final

import httpx2

MAX_RETRIES: Final = 2
"""How often the SDKs repeat a request that was refused (429) or failed."""
MAX_WAIT_S: Final = 5.0
"""Before a retry, the SDKs wait as long as `retry-after` says; a person does not."""
_DAY_S: Final = 86_400.0


async def wait_briefly(response: httpx2.Response) -> None:
    """Tell the SDK, by a header that it reads, not to sit out a long wait."""
    if wait_s(response) > MAX_WAIT_S:
        response.headers["x-should-retry"] = "false"


def wait_s(response: httpx2.Response) -> float:
    """Return how long the server asks to wait, in seconds up to a day; 0: it does not say."""
    try:
        wait = float(response.headers.get("retry-after", 0))
    except ValueError:  # a date, which the API does not use
        return 0.0
    return min(wait, _DAY_S) if wait > 0 else 0.0
