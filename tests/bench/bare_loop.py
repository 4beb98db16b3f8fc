"""An event loop that does nothing, and notes how late it is: what the machine itself costs.

python -m tests.bench.bare_loop SECONDS
"""

# mypy: ignore-errors

import asyncio
import json
import sys
import time

EVERY_S = 0.01


async def main(seconds: float) -> list[float]:
    """How late each tick was, in seconds."""
    lags, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        due = time.monotonic() + EVERY_S
        await asyncio.sleep(EVERY_S)
        lags.append(max(0.0, time.monotonic() - due))
    return lags


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(float(sys.argv[1])))))
