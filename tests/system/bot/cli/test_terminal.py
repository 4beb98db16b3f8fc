"""Every command on a terminal of its own, before a service that writes what terminals obey.

What rich draws is rich's (colours, the cursor while something turns); everything else that a
terminal obeys came from outside, and nothing of that may arrive.
"""

import gzip
import json
import os
import pty
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.fakes.forked import skydeck
from tests.fakes.hostile_answers import DRIVES, forbidden_in

OWN = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh]|[0-9]*[AK]|2K)")
"""What rich writes to draw: colours, the cursor shown and hidden, one line up, a line erased."""
FOREIGN = ("\x1b[31mRED", "\x1b]", "\x1b[2J", "\x9b", "\x9d")


class Hostile(BaseHTTPRequestHandler):
    """Answers each operation with words that drive a terminal, in every field that has words."""

    how = "text"

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.answer()

    def answer(self) -> None:
        status, value = 200, self.value()
        if self.how == "refused":
            status, value = 400, {"error": DRIVES}
        body = json.dumps(value).encode()
        self.send_response(status, "OK")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def value(self) -> object:
        if self.path.endswith("/health"):
            return {"jobs": {"inQueue": DRIVES}, "workers": {"ready": 1}, "x": DRIVES}
        if "/run" in self.path:
            return {"id": "job-1", "status": "IN_PROGRESS", "workerId": DRIVES}
        said = {"text": DRIVES, "data": DRIVES, "transcript": DRIVES}
        if self.how == "json":
            said = {"data": {DRIVES: [DRIVES]}}
        partial = {"status": "partial", "sequence": 0, "output": said}
        final = {"status": "completed", "output": said}
        if self.how == "failed":
            final = {"status": "failed", "error": {"code": DRIVES, "message": DRIVES}}
        if "/stream" in self.path:
            chunks = [{"output": partial}, {"output": final}]
            return {"status": "COMPLETED", "stream": chunks}
        if self.how == "broken":
            return {"id": "job-1", "status": "FAILED", "error": DRIVES, "workerId": DRIVES}
        return {"id": "job-1", "status": "COMPLETED", "output": final}

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def hostile():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v2"
    server.shutdown()
    server.server_close()


def on_a_terminal(url: str, folder: Path, *words: str) -> str:
    """Everything that a command writes to its terminal."""
    ours, theirs = pty.openpty()
    environment = {
        "RUNPOD_BASE_URL": url,
        "RUNPOD_API_KEY": "rpa_SECRETSECRET",
        "GRACE_ENDPOINT_ID": "grace",
        "FACTORY_ENDPOINT_ID": "factory",
        "PENNY_ENDPOINT_ID": "penny",
        "SKYDECK_DATABASE_URL": f"sqlite:///{folder / 'skydeck.db'}",
        "SKYDECK_GPU_USD_PER_S": "0",
        "TERM": "xterm-256color",
        "COLUMNS": "100",
    }
    with skydeck(*words, streams=theirs, cwd=folder, environment=environment):
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65_536):
                parts.append(part)
        except OSError:  # Linux says so at the end of a terminal
            pass
    os.close(ours)
    return b"".join(parts).decode().replace("\r\n", "\n")


@pytest.mark.parametrize("how", ["text", "json", "failed", "broken", "refused"])
@pytest.mark.parametrize(
    "words",
    [
        ("ask", "hello"),
        ("call", "grace", "summarizer", "words"),
        ("call", "factory", "build", "words"),
        ("call", "penny", "converse", "words"),
        ("call", "grace", "summarizer", "words", "--json"),
        ("ask", "hello", "--json"),
        ("health",),
        ("health", "--json"),
        ("doctor",),
        ("doctor", "--json"),
    ],
    ids=" ".join,
)
def test_a_service_does_not_drive_the_terminal(hostile, tmp_path, monkeypatch, words, how):
    monkeypatch.setattr(Hostile, "how", how)
    if words[0] in ("doctor", "health") and how not in ("text", "refused"):
        pytest.skip("it asks for health alone, which has the same words in each case")
    seen = on_a_terminal(hostile, tmp_path, *words)
    assert seen.strip()
    assert "Traceback" not in seen
    assert not any(sign in seen for sign in FOREIGN)
    drawn = OWN.sub("", seen).replace("\r", "")
    assert not forbidden_in(drawn.replace("\x1b", "") if "\x1b" not in drawn else drawn)
    if "--json" in words:
        for line in drawn.splitlines():
            if line.startswith("{"):
                json.loads(line)


def test_a_backup_does_not_drive_the_terminal(tmp_path):
    file = tmp_path / "evil.gz"
    head = {"skydeck": DRIVES, "version": DRIVES, "format": DRIVES, "schema": DRIVES}
    file.write_bytes(gzip.compress(json.dumps(head).encode() + b"\n"))
    seen = on_a_terminal("http://127.0.0.1:9/v2", tmp_path, "restore", str(file))
    assert "Traceback" not in seen
    assert not forbidden_in(OWN.sub("", seen).replace("\r", ""))


def test_a_long_answer_is_cut_on_a_terminal_alone(hostile, tmp_path, monkeypatch):
    monkeypatch.setattr("tests.system.bot.cli.test_terminal.DRIVES", "word " * 100_000)
    monkeypatch.setattr(Hostile, "how", "text")
    seen = on_a_terminal(hostile, tmp_path, "call", "grace", "summarizer", "words")
    assert "more characters are not shown" in seen
    assert len(seen) < 130_000
    whole = subprocess.run(
        [sys.executable, "-m", "bot", "call", "grace", "summarizer", "words"],
        capture_output=True,
        cwd=tmp_path,
        env={
            **os.environ,
            "RUNPOD_BASE_URL": hostile,
            "RUNPOD_API_KEY": "rpa_SECRETSECRET",
            "GRACE_ENDPOINT_ID": "grace",
            "SKYDECK_DATABASE_URL": f"sqlite:///{tmp_path / 'skydeck.db'}",
        },
        timeout=100,
        check=True,
    )
    assert len(whole.stdout) >= 500_000
