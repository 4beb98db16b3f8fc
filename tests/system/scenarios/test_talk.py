"""`skydeck talk` as its user has it: the program itself, in a terminal and in a pipe."""

import asyncio
import subprocess
import sys
from importlib.util import find_spec

import pytest

from audio import codec
from bot.settings import Settings
from tests.environment import without_settings
from tests.fakes.voice_call import has_word, words_of
from tests.paths import ROOT
from tests.system.bot.local_voice.tui.test_terminals import Tmux, needs
from tests.virtual_audio.sound_card import RATE_HZ

pytestmark = [pytest.mark.models, pytest.mark.timeout(240)]


@pytest.fixture
def surroundings(tmp_path) -> dict[str, str]:
    """Nothing of whoever runs the tests, but for the model files."""
    return without_settings() | {
        "PYTHONPATH": str(ROOT),
        "SKYDECK_WEIGHTS_DIR": str(Settings(_env_file=None).skydeck_weights_dir),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "LC_ALL": "C.UTF-8",
    }


TRIES = 3


@needs("tmux")
async def test_a_spoken_question_in_a_terminal(card, surroundings, tmp_path, clips, penny):
    question = codec.decode(clips / "question.wav", rate_hz=RATE_HZ, limit_s=30)
    (tmp_path / "tmux").mkdir()
    tmux = Tmux(tmp_path / "tmux")
    app = f"{sys.executable} -m bot talk --save-to {tmp_path}"
    words = [*tmux._tmux, "new-session", "-d", "-x", "80", "-y", "24", app]
    await asyncio.to_thread(
        subprocess.run, words, cwd=tmp_path, env=surroundings | card.environment, check=True
    )
    try:
        await asyncio.to_thread(tmux.sees, "LOADING")
        await asyncio.to_thread(tmux.sees, "READY")
        for _ in range(TRIES):  # the sound card of a busy machine leaves something out
            with card.recorded() as recording:
                tmux.press("Space")
                await asyncio.to_thread(tmux.sees, "RECORDING")
                await asyncio.to_thread(card.say, question)
                tmux.press("Space")
                await asyncio.to_thread(tmux.sees, "Paris")
                await asyncio.to_thread(tmux.sees, "READY")
            assert "capital of France" in tmux.screen()
            heard = await words_of(penny, recording.loud())
            if has_word(heard, "paris"):
                break
        else:
            pytest.fail(f"it was never heard to say so: {heard}")
        assert "answered in" not in tmux.screen()
        tmux.press("F4")
        await asyncio.to_thread(tmux.sees, "answered in")
        tmux.press("C-s")
        await asyncio.to_thread(tmux.sees, "Saved")
        [saved] = tmp_path.glob("skydeck-*/conversation.md")
        assert "Paris" in saved.read_text()
        tmux.press("C-q")
    finally:
        await asyncio.to_thread(tmux.end)


def test_a_typed_question_in_a_pipe(surroundings, tmp_path):
    """Without any sound server: no microphone, no loudspeaker, and nothing of ALSA's on stderr."""
    (tmp_path / "asound.conf").touch()
    done = subprocess.run(
        [sys.executable, "-m", "bot", "talk"],
        input="What is the capital of France?\n/qqq\n",
        cwd=tmp_path,
        env=surroundings | {"ALSA_CONFIG_PATH": str(tmp_path / "asound.conf")},
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert "[loading the models]" in lines
    assert "[ready; no microphone, but you can type]" in lines
    assert any(line.startswith("Alfred:") and "Paris" in line for line in lines)
    assert any(line.startswith("Error: There is no command /qqq.") for line in lines)
    assert "Traceback" not in done.stderr
    assert "ALSA" not in done.stderr


NO_GLOBAL_KEY = (
    "Error: A key for all windows needs pynput."
    if find_spec("pynput") is None
    else "Error: There is no desktop here whose keys can be followed."
)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--save", "x.ogg"], "--save goes with --file"),
        (["--json"], "--json goes with --file"),
        (["--plain", "--push-to-talk-key", "f9"], NO_GLOBAL_KEY),
    ],
)
def test_what_does_not_go_together_is_told(surroundings, tmp_path, words, told):
    environment = {k: v for k, v in surroundings.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-m", "bot", "talk", *words],
        input="",
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert told in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_there_is_help():
    done = subprocess.run(
        [sys.executable, "-m", "bot", "talk", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Example: skydeck talk" in done.stdout
