from types import SimpleNamespace

import pytest

from bot.errors import BadInput, TooLarge
from bot.i18n import words_for
from cogs.factory._build_requests import BuildRequest, refined
from cogs.shared.attachments import MAX_BUILD_FILES_BYTES


@pytest.mark.parametrize(
    ("sizes", "refusal"),
    [((MAX_BUILD_FILES_BYTES, 1), TooLarge), ((MAX_BUILD_FILES_BYTES,), BadInput)],
)
async def test_files_to_start_from_are_limited_together_before_any_is_read(sizes, refusal):
    read = []

    def attached(size):
        async def content():
            read.append(size)
            return b"\xff"

        return SimpleNamespace(filename="a.py", size=size, read=content)

    message = SimpleNamespace(attachments=[attached(size) for size in sizes])
    request = refined(BuildRequest(task="a"), "faster", message, words_for("en-US"))
    with pytest.raises(refusal):
        await request.fetch()
    assert bool(read) is (refusal is BadInput)
