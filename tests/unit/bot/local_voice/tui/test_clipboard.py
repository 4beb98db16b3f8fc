"""Copying."""

import base64

from bot.local_voice.tui import clipboard


def test_a_terminal_takes_a_text_as_it_is(monkeypatch):
    monkeypatch.delenv("TMUX", raising=False)
    data = base64.b64encode("Señal".encode()).decode()
    assert clipboard.sequences("Señal") == f"\x1b]52;c;{data}\a"


def test_tmux_gets_it_wrapped_as_well(monkeypatch):
    monkeypatch.setenv("TMUX", "/tmp/tmux,1,0")
    plain = clipboard.osc52("Hi")
    assert clipboard.sequences("Hi") == f"{plain}\x1bPtmux;\x1b{plain}\x1b\\"


def test_what_is_copied_is_bounded(monkeypatch):
    monkeypatch.delenv("TMUX", raising=False)
    assert len(clipboard.sequences("x" * 5_000_000)) < 1.4 * clipboard.MAX_BYTES
    assert clipboard.osc52("half \ud800")


async def test_outside_tmux_nothing_is_run(monkeypatch):
    monkeypatch.delenv("TMUX", raising=False)
    assert not await clipboard.hand_to_tmux("Hi")
