"""The audit of packages, by pip-audit itself, against a service that says what a test wants."""

import importlib.util
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.system.deploy.test_images import ROOT

spec = importlib.util.spec_from_file_location("audit", ROOT / "scripts" / "audit.py")
audit = importlib.util.module_from_spec(spec)
spec.loader.exec_module(audit)

WEAKNESS = {
    "id": "PYSEC-2099-1",
    "modified": "2099-01-01T00:00:00Z",
    "summary": "bad",
    "details": "bad",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "left-pad"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
            "versions": ["1.0"],
        }
    ],
}


@pytest.fixture
def lock(tmp_path, monkeypatch):
    file = tmp_path / "some.lock"
    file.write_text(f"left-pad==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    monkeypatch.setattr(audit, "LOCK", file)


@contextmanager
def service(answer: dict) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/query"
        finally:
            server.shutdown()
            thread.join()


def run(url: str) -> int:
    return audit.main(["--vulnerability-service", "osv", "--osv-url", url])


def test_a_known_weakness_fails_and_is_named(lock, capsys):
    with service({"vulns": [WEAKNESS]}) as url:
        assert run(url) == 1
    assert "left-pad 1.0: PYSEC-2099-1, mended in 2.0" in capsys.readouterr().out


def test_no_weakness_passes(lock, capsys):
    with service({}) as url:
        assert run(url) == 0
    assert "No known weakness in 1 packages" in capsys.readouterr().out


def test_a_service_out_of_reach_is_said_and_stops_nobody(lock, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and not listening: refused
        assert run(f"http://127.0.0.1:{taken.getsockname()[1]}/query") == 0
    assert capsys.readouterr().out.count("\n") == 1


def test_it_never_hangs(lock):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/query"
        options = ["-s", "osv", "--osv-url", url, "-r", str(audit.LOCK)]
        assert audit.ask(options, limit_s=1.5) is None


def test_what_a_service_does_not_know_is_not_called_sound():
    unknown = {"dependencies": [{"name": "x", "skip_reason": "not found"}]}
    assert "not audited" in audit.judge(unknown)[1]
    known = {"dependencies": [*unknown["dependencies"], {"name": "y", "version": "1", "vulns": []}]}
    assert audit.judge(known) == (
        0,
        "No known weakness in 1 packages; 1 are not known to the service.",
    )
