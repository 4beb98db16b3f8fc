"""The limits of one run in the sandbox: time, memory, files and threads. Pure."""

from typing import Final

from bot.contract.job import MIB

WALL_SECONDS: Final = 10
CPU_SECONDS: Final = 8
MEMORY_BYTES: Final = 512 * MIB
FILE_BYTES: Final = MIB
"""The limit of each file, and of the output."""
SCRATCH_BYTES: Final = 16 * MIB
"""The limit of all files together."""
MAX_FILES: Final = 1024
"""Includes folders and links; each takes about a kilobyte of kernel memory."""
MAX_THREADS: Final = 128
"""Each takes about 30 KB of kernel memory."""

CGROUP_MEMORY_BYTES: Final = MEMORY_BYTES + 64 * MIB
"""Includes bubblewrap and kernel memory."""
CGROUP_PIDS: Final = MAX_THREADS + 16
