"""Every command of the READMEs, as printed, in a fresh copy with an empty home."""

import sysconfig
from pathlib import Path

import pytest

from bot.settings import Settings
from scripts.try_readme import try_pages

pytestmark = pytest.mark.models


def test_every_command_does_what_the_readme_says(
    weights, threads: int, capsys: pytest.CaptureFixture[str]
):
    for name in ("whisper-tiny.en", "whisper-base", "piper-joe", "qwen2.5-coder-0.5b"):
        weights(name)
    for name in ("silero-vad", "smart-turn-v3.2"):
        weights(name)
    failed = try_pages(
        ["README.md", "README.es.md"],
        packages=Path(sysconfig.get_path("purelib")),
        models=Settings(_env_file=None).skydeck_weights_dir,
        llm="tiny",
        threads=threads,
        without=("make docs",),  # half of the time, and `make lint` runs it
    )
    assert failed == 0, capsys.readouterr().out
