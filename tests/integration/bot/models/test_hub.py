"""A file from the hub: huggingface_hub against a small hub on loopback."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.errors import WeightsError
from bot.models.hub import fetch_from_hub

REPO, FILE, GGUF = "owner/model-GGUF", "q4/model.gguf", b"GGUF" + bytes(100_000)


@contextlib.asynccontextmanager
async def hub(status: int = 200, code: str = "") -> AsyncIterator[tuple[str, list[str]]]:
    asked: list[str] = []

    async def resolve(request: web.Request) -> web.Response:
        asked.append(f"{request.method} {request.path}")
        headers = {
            "X-Repo-Commit": "c" * 40,
            "ETag": f'"{hashlib.sha256(GGUF).hexdigest()}"',
            "Accept-Ranges": "bytes",
        }
        if status != 200:
            return web.Response(status=status, headers={"X-Error-Code": code})
        return web.Response(body=GGUF, headers=headers)

    app = web.Application()
    app.router.add_get("/{path:.*}", resolve)  # also HEAD
    async with TestServer(app) as server:
        yield str(server.make_url("/")).rstrip("/"), asked


async def fetched(endpoint: str, folder: Path) -> Path:
    return await asyncio.to_thread(fetch_from_hub, REPO, FILE, folder, endpoint=endpoint)


async def test_a_file_is_fetched_once(tmp_path: Path):
    async with hub() as (endpoint, asked):
        file = await fetched(endpoint, tmp_path)
        assert file == tmp_path / "hub" / "owner--model-GGUF" / FILE
        assert file.read_bytes() == GGUF
        before = len(asked)
        assert await fetched(endpoint, tmp_path) == file
    assert len(asked) == before
    assert asked[0] == f"HEAD /{REPO}/resolve/main/{FILE}"


async def test_a_file_that_is_there_needs_no_network(tmp_path: Path):
    async with hub() as (endpoint, _):
        file = await fetched(endpoint, tmp_path)
    assert await fetched(endpoint, tmp_path) == file


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (404, "EntryNotFound", "The hub has no file hf:owner/model-GGUF/q4/model.gguf"),
        (404, "RepoNotFound", "The hub has no file"),
        (401, "RepoNotFound", "The hub has no file"),
        (403, "GatedRepo", "consent to its licence"),
        (404, "", "The hub has no file"),
        (500, "", "answers HTTP 500"),
    ],
)
async def test_a_refusal_is_one_line(tmp_path: Path, status: int, code: str, words: str):
    async with hub(status, code) as (endpoint, _):
        with pytest.raises(WeightsError, match=words) as caught:
            await fetched(endpoint, tmp_path)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


async def test_a_hub_that_does_not_answer_is_told(tmp_path: Path):
    async with hub() as (endpoint, _):
        pass
    with pytest.raises(WeightsError, match="the hub does not answer"):
        await fetched(endpoint, tmp_path)


async def test_a_hub_that_does_not_answer_is_asked_once(tmp_path: Path):
    async with hub(503) as (endpoint, asked):
        with pytest.raises(WeightsError, match="HTTP 503"):
            await fetched(endpoint, tmp_path)
    assert len(asked) == 1
