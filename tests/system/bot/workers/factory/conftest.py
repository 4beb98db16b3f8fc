"""Every sandbox that this machine has."""

import tempfile
from pathlib import Path

import pytest

from bot.workers.factory import isolation
from bot.workers.factory import sandbox as module
from bot.workers.factory.sandbox import Sandbox

KINDS = {
    "bubblewrap": isolation.bubblewrap,
    "bubblewrap, setuid": isolation.bare_bubblewrap,
    "user namespaces": isolation.unshare,
}


@pytest.fixture(params=KINDS)
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    command = KINDS[request.param]
    if not module._works(command):
        pytest.skip(f"{request.param}: not on this machine, or not allowed")
    return Sandbox(request.param, command)


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder that temporary files go to, for this test alone."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path
