"""What an answer can cost: the longest hold of the event loop, and the peak of memory.

    python -m tests.bench.answers                 # all, the ten worst as a table
    python -m tests.bench.answers --only gzip     # those whose name holds a word
    python -m tests.bench.answers --mode stream --all

Each attack runs in a process of its own, against a server in another one. A probe on the loop that
sleeps for a millisecond again and again sees how late it is; `process_time` tells how much of that
was our own work, so that another program on the machine does not count.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import multiprocessing
import resource
import subprocess
import sys
import time
from typing import Any, Final

from pydantic import SecretStr

from bot import errors
from bot.choices import Mode
from bot.contract import Input, InputType, Request, Service, Source, System, Target
from bot.runpod.client import Endpoint, RunPodClient
from tests.fakes.hostile_answers import Attack, book

KEY: Final = "rpa_SECRETSECRET"
LIMIT_S: Final = 8
"""The deadline of the call."""
PATIENCE: Final = 3
"""Times the deadline, after which the call has no end: it is told a little after its deadline."""
HOLD_MS: Final = 50
WRITTEN_BYTES: Final = 64 * 1024


class Server:
    """Answers everything with one attack; `/run` too, where the attack is about that."""

    def __init__(self, attack: Attack, mode: str) -> None:
        self.attack = attack
        self.mode = mode
        is_made = attack.framing not in ("chunked", "raw-chunked")
        self.body = next(iter(attack.pieces())) if is_made else b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = 0
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                await reader.readexactly(length)
                path = head.split(b" ", 2)[1]
                if not await self._answer(path, writer):
                    break
        writer.close()

    async def _answer(self, path: bytes, writer: asyncio.StreamWriter) -> bool:
        if self.mode != "runsync" and b"/run" in path:
            return await _send(writer, b'{"id":"job-1","status":"IN_PROGRESS"}')
        if self.mode == "stream" and b"/status" in path:
            return await _send(writer, b'{"id":"job-1","status":"COMPLETED","output":[]}')
        if b"/cancel" in path or b"/health" in path:
            return await _send(writer, b'{"id":"job-1","status":"CANCELLED"}')
        attack = self.attack
        head = [f"HTTP/1.1 {attack.status} {attack.reason}"]
        head += [f"{name}: {value}" for name, value in attack.headers]
        body = b""
        match attack.framing:
            case "chunked" | "raw-chunked":
                head.append("Transfer-Encoding: chunked")
            case framing:
                body = self.body
                if self.mode == "stream" and not attack.headers:
                    body = _as_stream(body)
                told: Any = len(body)
                told = {"longer": told + 1000, "shorter": told // 3, "nonsense": "-1x"}.get(
                    framing, told
                )
                head.append(f"Content-Length: {told}")
                if framing == "two":
                    head.append(f"Content-Length: {len(body) + 5}")
        writer.write("\r\n".join([*head, "", ""]).encode("latin-1"))
        if attack.framing == "chunked":
            chunks = bytearray()
            for piece in attack.pieces():
                chunks += b"%x\r\n%s\r\n" % (len(piece), piece)
                if len(chunks) >= WRITTEN_BYTES:  # not each chunk: a chunk can be one byte
                    writer.write(bytes(chunks))
                    chunks.clear()
                    await writer.drain()
            writer.write(chunks)
            writer.write(b"0\r\n\r\n")
        else:
            writer.write(body or b"".join(attack.pieces()))
        await writer.drain()
        return attack.framing == "length"


def _as_stream(body: bytes) -> bytes:
    """The output of a report as chunks of a stream."""
    mark = b'"output":'
    at = body.find(mark)
    if at < 0:
        return body
    output = body[at + len(mark) : -1]
    if output.startswith(b"[") and output.endswith(b"]"):
        inner = output[1:-1].replace(b"},{", b'}},{"output":{')
        if inner.startswith(b"{"):
            return b'{"status":"COMPLETED","stream":[{"output":' + inner + b"}]}"
    return b'{"status":"COMPLETED","stream":[{"output":' + output + b"}]}"


async def _send(writer: asyncio.StreamWriter, body: bytes) -> bool:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    return True


def _serve(name: str, mode: str, port: Any) -> None:
    async def main() -> None:
        server = Server(book(KEY)[name], mode)  # what it answers is made before it is asked
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, limit=64 * 1024 * 1024)
        port.send(listening.sockets[0].getsockname()[1])
        await listening.serve_forever()

    asyncio.run(main())


async def _probe(worst: list[float]) -> None:
    """Note the most processor time that went by between two turns of the loop."""
    await asyncio.sleep(0)
    while True:
        cpu, wall = time.thread_time(), time.perf_counter()
        await asyncio.sleep(0)
        worst[0] = max(worst[0], time.thread_time() - cpu)
        worst[1] = max(worst[1], time.perf_counter() - wall)


def request() -> Request:
    return Request(
        source=Source(system=System.DECK),
        target=Target(service=Service.GRACE, module="SUMMARIZER"),
        input=Input(type=InputType.TEXT, data="x"),
    )


async def attacked(
    port: int, mode: Mode, show: Any = None, *, is_measured: bool = True
) -> dict[str, Any]:
    """Make a call; say how it ended, and what it cost: the probe for that takes a processor."""
    endpoint = Endpoint(Service.GRACE, "ep", mode=mode, deadline_s=LIMIT_S)
    worst = [0.0, 0.0]
    ended, updates = "completed", 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with RunPodClient(
        f"http://127.0.0.1:{port}/v2", SecretStr(KEY), {Service.GRACE: endpoint}
    ) as client:
        if is_measured:
            gc.collect()
        probe = asyncio.create_task(_probe(worst) if is_measured else asyncio.sleep(0))
        began = time.perf_counter()
        try:
            async with (
                asyncio.timeout(PATIENCE * LIMIT_S),
                contextlib.aclosing(client.submit(request())) as all_,
            ):
                async for update in all_:
                    updates += 1
                    if show is not None:
                        show.update(update)
        except errors.SkydeckError as e:
            ended = f"{type(e).__name__}: {e}"
        except TimeoutError:
            ended = "no end"
        except Exception as e:  # noqa: BLE001 - that is what is looked for
            ended = f"BUG {type(e).__name__}: {e}"[:200]
        took = time.perf_counter() - began
        await asyncio.sleep(0)  # the probe sees the last step, too
        await asyncio.sleep(0)
        probe.cancel()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "hold_ms": round(worst[0] * 1000, 1),
        "wall_ms": round(worst[1] * 1000, 1),
        "peak_mb": round((peak - before) / 1024),
        "took_s": round(took, 2),
        "updates": updates,
        "ended": ended[:90],
    }


def run_one(name: str, mode: str) -> dict[str, Any]:
    """One attack: a server in its own process, the client in this one."""
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(name, mode, theirs))
    server.start()
    try:
        return asyncio.run(attacked(ours.recv(), Mode(mode)))
    finally:
        server.kill()
        server.join()


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--only", default="")
    words.add_argument("--mode", default="run", choices=["run", "runsync", "stream"])
    words.add_argument("--all", action="store_true", help="all lines, not the ten worst")
    words.add_argument("--one", default="", help=argparse.SUPPRESS)
    given = words.parse_args()
    if given.one:
        sys.stdout.write(json.dumps(run_one(given.one, given.mode)) + "\n")
        return
    rows = []
    for name in book(KEY):
        if given.only not in name:
            continue
        command = [sys.executable, "-m", "tests.bench.answers", "--one", name, "--mode", given.mode]
        try:
            done = subprocess.run(command, capture_output=True, timeout=120, check=True)
            rows.append((name, json.loads(done.stdout)))
        except (subprocess.SubprocessError, ValueError) as e:
            rows.append((name, {"hold_ms": 1e9, "peak_mb": 0, "ended": f"BUG {e}"[:90]}))
        sys.stderr.write(f"{name}: {rows[-1][1]}\n")
    rows.sort(key=lambda row: -row[1]["hold_ms"])
    for name, seen in rows if given.all else rows[:10]:
        sys.stdout.write(
            f"| {name} | {seen['hold_ms']:.0f} ms | {seen['peak_mb']} MB | {seen['ended'][:60]} |\n"
        )


if __name__ == "__main__":
    main()
