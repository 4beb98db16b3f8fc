"""The local language model: a small Qwen on llama.cpp, in this process."""

import asyncio
import contextlib
import os
import secrets
import socket
import tempfile
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bot.errors import JobFailed
from bot.settings import Device
from bot.workers.device import place_llama, runtime_missing
from bot.workers.load_errors import load_error
from bot.workers.protocols import CompletionUsage, Prompt, PromptTooLong, Slot

_SLOT_TOKENS = 8192
"""Each slot's window. The 0.5B model's cache takes 12 kB a token, so 100 MB a slot."""

_BATCH_TOKENS = 256
"""How much of a long prompt the model reads in one step. A spoken turn waits for at most one."""

_TURN = "<|im_start|>user\n{words}<|im_end|>\n<|im_start|>assistant\n"
"""A message in Qwen's markup, to where its answer begins."""
_MAX_SOCKET_PATH_BYTES = 100
"""Linux allows 107 for a Unix socket, macOS 103."""
_INNER_TIMEOUT_S = 10
"""How long llama.cpp's own port waits for a client; there should be none."""

_CHARS_PER_TOKEN = 2.5
"""Safe for English (about 4.5), Spanish (about 3.5) and code (about 3). Not for Chinese: there
the model refuses the prompt and the caller retries with a smaller piece."""


class Qwen:
    """A `LanguageModel` on xllamacpp.

    Each slot has a thread where its prompts queue. The slots run side by side as two sequences of
    one batch, which on a memory-bound CPU slows the spoken one down little.

    Args:
        model_file: Returns the GGUF file; called once, in a worker thread, on first use.
        threads: How many CPU threads.
    """

    context_chars = int((_SLOT_TOKENS - 1536) * _CHARS_PER_TOKEN)
    takes_tools = False

    def __init__(
        self,
        model_file: Callable[[], Path],
        *,
        threads: int,
        device: Device = Device.CPU,
        name: str = "qwen",
    ) -> None:
        self.name = name
        self._model_file = model_file
        self._threads = threads
        self._device = device
        self._loading = threading.Lock()
        self._server: Any = None
        self._closing = threading.Event()
        self._slots = {
            slot: ThreadPoolExecutor(1, thread_name_prefix=f"qwen-{slot.name.lower()}")
            for slot in Slot
        }

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | CompletionUsage, None]:
        """Yield text as it comes, then `CompletionUsage` once.

        Raises:
            PromptTooLong: The prompt does not fit.
            JobFailed: The model failed.
            WeightsError: The model cannot be loaded.
        """
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[str | CompletionUsage | BaseException | None] = asyncio.Queue()
        stop = threading.Event()

        def put(item: str | CompletionUsage | BaseException | None) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(pieces.put_nowait, item)

        def work() -> None:
            try:
                self._generate(prompt, put, stop)
            except BaseException as e:  # noqa: BLE001  (raised in the waiting coroutine)
                put(e)
            put(None)

        future = self._slots[prompt.slot].submit(work)
        try:
            while (item := await pieces.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stop.set()
            future.cancel()

    async def warm_up(self, prompt: Prompt | None = None) -> None:
        """Load the model, which runs it once, and put `prompt` into its slot's cache, if any."""
        if prompt is None:
            thread = self._slots[Slot.BACKGROUND]
            await asyncio.get_running_loop().run_in_executor(thread, self._load)
            return
        async for _ in self.stream(prompt):
            pass

    async def state(self, words: str) -> list[float]:
        """The state of its last layer where it would begin to answer these words.

        It waits for answers of the interactive slot, and mostly costs the other one its cache:
        llama.cpp takes the slot that was used least recently.

        Raises:
            JobFailed: The model failed.
            WeightsError: The model cannot be loaded.
        """
        thread = self._slots[Slot.INTERACTIVE]
        return await asyncio.get_running_loop().run_in_executor(thread, self._state, words)

    async def close(self) -> None:
        """Stop what runs, and unload the model."""
        self._closing.set()
        for slot in self._slots.values():
            await asyncio.to_thread(slot.shutdown, cancel_futures=True)
        self._server = None

    def _load(self) -> Any:
        with self._loading:
            if self._server is None:
                self._server = _start(self._model_file(), self._threads, place_llama(self._device))
            return self._server

    def _generate(
        self, prompt: Prompt, put: Callable[[str | CompletionUsage], None], stop: threading.Event
    ) -> None:
        """Generate in the slot's thread. llama.cpp stops when the callback returns True."""
        if stop.is_set() or self._closing.is_set():
            return
        server = self._load()
        failure: list[Any] = []
        finish = "stop"

        def on_chunk(chunk: dict[str, Any]) -> bool:
            nonlocal finish
            if "error" in chunk:
                failure.append(chunk["error"])
                return True
            for choice in chunk.get("choices") or ():
                finish = choice.get("finish_reason") or finish
                if text := choice.get("delta", {}).get("content"):
                    put(text)
            if usage := chunk.get("usage"):
                put(CompletionUsage(usage["prompt_tokens"], usage["completion_tokens"], finish))
            return stop.is_set() or self._closing.is_set()

        server.handle_chat_completions(_request(prompt), on_chunk)
        if failure:
            raise _as_error(failure[0])

    def _state(self, words: str) -> list[float]:
        request = {"input": _TURN.format(words=_plain(words))}
        found = self._load().handle_embeddings(request)
        if "error" in found:
            raise _as_error(found["error"])
        return list(found["data"][0]["embedding"])


def _start(model: Path, threads: int, gpu_layers: int) -> Any:
    try:
        import xllamacpp  # noqa: PLC0415  (heavy, and only the local services need it)
    except ImportError:
        raise runtime_missing() from None
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    params.n_gpu_layers = gpu_layers
    params.no_op_offload = gpu_layers == 0  # otherwise a long prompt goes to a GPU all the same
    params.n_parallel = len(Slot)
    params.n_ctx = _SLOT_TOKENS * len(Slot)
    params.n_batch = params.n_ubatch = _BATCH_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    # Drafts make it no quicker on two cores: with those of the small model a token takes 3.4 times
    # as long, with those from the prompt 1.7 (tests/bench/test_llama_options.py).
    params.cache_ram_mib = 0  # each slot keeps its own prefix, so a second copy would be waste
    params.embedding = True  # beside answers; see `state`
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_LAST
    params.verbosity = -1  # it writes to file descriptor 2, over what the terminal shows
    with _unreachable(params):
        try:
            return xllamacpp.Server(params)
        except Exception as e:
            raise load_error(
                "The language model",
                e,
                hint="Check SKYDECK_LLM; `skydeck models verify` finds a damaged model of ours.",
                needed_bytes=model.stat().st_size * 3 // 2,  # its caches, and this process
            ) from e


@contextlib.contextmanager
def _unreachable(params: Any) -> Iterator[None]:
    """Make llama.cpp's server listen where nobody can reach it, since it always listens.

    It listens on a Unix socket in a folder that is removed right afterwards. Where there are no
    Unix sockets, it takes a loopback port with a secret key, and no web page may read from it.
    """
    params.api_keys = [secrets.token_urlsafe()]
    params.ui = params.endpoint_slots = params.cors_credentials = False
    params.cors_origins = params.cors_methods = params.cors_headers = ""
    params.cors_origins_explicit = True
    params.timeout_read = params.timeout_write = _INNER_TIMEOUT_S
    with tempfile.TemporaryDirectory(prefix="skydeck-") as folder:
        path = f"{folder}/llama.sock"
        if hasattr(socket, "AF_UNIX") and len(os.fsencode(path)) < _MAX_SOCKET_PATH_BYTES:
            params.hostnames = [path]
        yield


def _request(prompt: Prompt) -> dict[str, Any]:
    request: dict[str, Any] = {
        "messages": [{"role": m.role, "content": _plain(m.content)} for m in prompt.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": prompt.max_tokens,
        "temperature": prompt.temperature,
        "cache_prompt": True,
        "id_slot": int(prompt.slot),
    }
    if prompt.schema is not None:
        request["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": prompt.schema},
        }
    return request


def _plain(text: str) -> str:
    """Break up the model's markup: `<|im_start|>system` in a text would be an instruction."""
    return text.replace("<|", "< |")


def _as_error(error: Any) -> JobFailed:
    kind = error.get("type", "") if isinstance(error, dict) else ""
    message = error.get("message", "") if isinstance(error, dict) else str(error)
    if kind == "exceed_context_size_error":
        return PromptTooLong(f"The text does not fit the local model's window: {message}.")
    return JobFailed(f"The local model failed: {message}.", service_code="model")
