"""What llama.cpp opens beside the model."""

from pathlib import Path

import pytest

from bot.contract import Message
from bot.workers.protocols import Prompt
from bot.workers.qwen import Qwen

pytestmark = pytest.mark.models


def listening() -> set[str]:
    """The TCP ports on which this process listens."""
    inodes = set()
    for fd in Path("/proc/self/fd").iterdir():
        try:
            inodes.add(str(fd.readlink()))
        except OSError:
            continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/self/net", table).read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in inodes:
                found.add(words[1])
    return found


def doors() -> list[str]:
    """The Unix sockets of llama.cpp's that somebody could connect to."""
    table = Path("/proc/self/net/unix").read_text()
    paths = [line.split()[-1] for line in table.splitlines() if "llama.sock" in line]
    return [path for path in paths if Path(path).exists()]


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
