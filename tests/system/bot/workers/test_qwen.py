"""What llama.cpp opens beside the model."""

from pathlib import Path

import pytest

from bot.contract import Message
from bot.workers.protocols import Prompt
from bot.workers.qwen import Qwen

pytestmark = pytest.mark.models


def sockets() -> set[str]:
    """The inodes of this process's sockets."""
    found = set()
    for fd in Path("/proc/self/fd").iterdir():
        try:
            found.add(str(fd.readlink()).removeprefix("socket:[").removesuffix("]"))
        except OSError:
            continue
    return found


def listening() -> set[str]:
    """The TCP ports on which this process listens."""
    ours, found = sockets(), set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/self/net", table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[9] in ours:
                found.add(words[1])
    return found


def doors() -> list[str]:
    """The Unix sockets of this process's llama.cpp that somebody could connect to."""
    ours, table = sockets(), Path("/proc/self/net/unix").read_text()
    rows = [line.split() for line in table.splitlines() if "llama.sock" in line]
    return [row[-1] for row in rows if row[-2] in ours and Path(row[-1]).exists()]


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="Linux tells")
async def test_its_own_server_is_where_nobody_can_come(weights) -> None:
    file = weights("qwen2.5-coder-0.5b") / "model.gguf"
    before, model = listening(), Qwen(lambda: file, threads=2)
    try:
        pieces = [
            piece
            async for piece in model.stream(
                Prompt(messages=[Message(role="user", content="Say yes.")], max_tokens=4)
            )
        ]

        assert pieces
        assert listening() == before
        assert not doors()
    finally:
        await model.close()
