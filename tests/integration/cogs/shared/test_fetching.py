"""A file of Discord's that is more than it was said to be, packed, cut short or gone."""

import gzip
from types import SimpleNamespace

import aiohttp
import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.contract.factory import File
from bot.errors import BadInput, TooLarge
from bot.i18n import words_for
from cogs.factory._build_requests import BuildRequest, refined
from cogs.shared import attachments, files
from cogs.shared.fetching import Oversized, fetch

MOST = 1024 * 1024


@pytest.fixture
async def cdn():
    """Answers as it is told; `asked` holds the headers of the requests."""
    server = SimpleNamespace(status=200, body=b"", headers={}, endless=False, sent=0, asked=[])

    async def answer(request):
        server.asked.append(request.headers)
        response = web.StreamResponse(status=server.status, headers=server.headers)
        await response.prepare(request)
        await response.write(server.body)
        while server.endless:
            await response.write(bytes(64 * 1024))
            server.sent += 64 * 1024
        if "Content-Length" in server.headers:
            request.transport.close()
        return response

    app = web.Application()
    app.router.add_get("/{name}", answer)
    async with TestServer(app) as running:
        server.file = lambda name="a.txt", size=10, **more: SimpleNamespace(
            url=str(running.make_url(f"/{name}")),
            filename=name,
            title=None,
            description=None,
            size=size,
            **more,
        )
        yield server


async def test_a_file_comes_as_it_is(cdn):
    cdn.body = b"hello"
    assert await fetch(cdn.file(), MOST) == b"hello"
    assert cdn.asked[0]["Accept-Encoding"] == "identity"


async def test_an_endless_one_is_left(cdn):
    cdn.endless = True
    with pytest.raises(Oversized):
        await fetch(cdn.file(), MOST)
    assert cdn.sent < 64 * MOST  # what the sockets hold, and no more


@pytest.mark.parametrize("extra", [-1, 0, 1])
async def test_the_limit_is_exact(cdn, extra):
    cdn.body = bytes(MOST + extra)
    if extra > 0:
        with pytest.raises(Oversized):
            await fetch(cdn.file(), MOST)
    else:
        assert await fetch(cdn.file(), MOST) == cdn.body


async def test_the_beginning_may_say_that_the_rest_is_not_wanted(cdn):
    cdn.endless = True
    judged = []

    def judge(head):
        judged.append(head)
        return 0

    with pytest.raises(Oversized):
        await fetch(cdn.file(), MOST, judge=judge)
    assert [len(head) for head in judged] == [64 * 1024]


async def test_a_bomb_is_unpacked_no_further_than_the_limit(cdn):
    cdn.body = gzip.compress(bytes(100 * MOST))
    cdn.headers = {"Content-Encoding": "gzip"}
    with pytest.raises(Oversized) as raised:
        await fetch(cdn.file(), MOST)
    assert raised.value.bytes_read < 2 * MOST


async def test_what_is_packed_all_the_same_is_unpacked(cdn):
    cdn.body = gzip.compress(b"hello")
    cdn.headers = {"Content-Encoding": "gzip"}
    assert await fetch(cdn.file(), MOST) == b"hello"


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "zstd"])
async def test_another_packing_is_none_that_is_read(cdn, encoding):
    cdn.body = b"hello"
    cdn.headers = {"Content-Encoding": encoding}
    with pytest.raises(ValueError, match="encoding"):
        await fetch(cdn.file(), MOST)


async def test_one_that_is_cut_short_is_none(cdn):
    cdn.body = b"hello"
    cdn.headers = {"Content-Length": "500"}
    with pytest.raises((aiohttp.ClientError, ValueError)):
        await fetch(cdn.file(), MOST)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, discord.NotFound), (403, discord.Forbidden), (500, discord.HTTPException)],
)
async def test_one_that_is_not_handed_out(cdn, status, kind):
    cdn.status = status
    with pytest.raises(kind):
        await fetch(cdn.file(), MOST)


async def test_a_person_is_told_of_a_size_that_was_told_wrongly(cdn):
    cdn.body = b"OggS" + bytes(attachments.MAX_AUDIO_BYTES)
    voice = cdn.file("a.ogg", content_type="audio/ogg", is_voice_message=lambda: True)
    with pytest.raises(TooLarge, match="7 MiB"):
        await files.read_recordings([voice], words_for("en"))
    with pytest.raises(TooLarge, match=r"ocupa \d+,\d MiB; el límite es 7 MiB"):
        await files.read_recordings([voice], words_for("es"))
    cdn.body = b"a" * len(cdn.body)
    text = cdn.file("a.txt", content_type="text/plain", is_voice_message=lambda: False)
    with pytest.raises(TooLarge, match="4 MiB"):
        await files.read_text(text, words_for("en"))
    cdn.body = b"\x89PNG\0"
    with pytest.raises(BadInput):
        await files.read_text(text, words_for("en"))


def refine(*attached):
    """What a build that starts from these files reads."""
    message = SimpleNamespace(attachments=list(attached))
    return refined(BuildRequest(task="a"), "faster", message, words_for("en")).fetch()


async def test_files_to_start_from_are_limited_together_before_any_is_read(cdn):
    with pytest.raises(TooLarge):
        await refine(cdn.file("a.py", attachments.MAX_BUILD_FILES_BYTES), cdn.file("b.py", 1))
    assert not cdn.asked


@pytest.mark.parametrize("packing", ["identity", "gzip"])
async def test_files_to_start_from_are_limited_together_whatever_was_reported(cdn, packing):
    body = bytes(attachments.MAX_BUILD_FILES_BYTES * 2 // 3)
    cdn.body = gzip.compress(body) if packing == "gzip" else body
    cdn.headers = {"Content-Encoding": packing} if packing == "gzip" else {}
    with pytest.raises(TooLarge, match="too large"):
        await refine(cdn.file("a.py"), cdn.file("b.py"))
    assert len(cdn.asked) == 2


async def test_files_to_start_from_are_text(cdn):
    cdn.body = b"\x7fELF\0"
    with pytest.raises(BadInput):
        await refine(cdn.file("a.py"))
    cdn.body = b"a = 1"
    assert await refine(cdn.file("a.py")) == [File(name="a.py", content="a = 1")]
