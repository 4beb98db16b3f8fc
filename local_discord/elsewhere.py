"""Run a bot in its own process against a local Discord, so that a test can kill it.

    python -m local_discord.elsewhere http://127.0.0.1:PORT MODULE [ARGUMENTS...]

runs MODULE as `python -m MODULE ARGUMENTS...` would, with discord.py pointed at the local Discord.
"""

from __future__ import annotations

import runpy
import sys

from .pointing import pointed_at


def main() -> None:
    """Point discord.py, then become the module."""
    _, base_url, module, *arguments = sys.argv
    sys.argv = [module, *arguments]
    with pointed_at(base_url):
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
