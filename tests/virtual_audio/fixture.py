"""The virtual sound card as a fixture."""

import ctypes.util
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.virtual_audio.sound_card import SoundCard, missing_packages


@pytest.fixture(scope="session")
def _server() -> Iterator[SoundCard]:
    """One for the run. PortAudio reads the environment when it begins, so it is set before."""
    lacking = missing_packages()
    if not lacking and ctypes.util.find_library("portaudio") is None:
        lacking = "no PortAudio: apt-get install libportaudio2"
    if lacking:
        pytest.skip(lacking)
    with (
        tempfile.TemporaryDirectory(prefix="card") as folder,  # a socket's path must be short
        SoundCard.started(Path(folder)) as card,
    ):
        yield card


@pytest.fixture
def card(_server: SoundCard) -> SoundCard:
    """A microphone `vmic` and a loudspeaker `vspk`, for the real PortAudio."""
    return _server
