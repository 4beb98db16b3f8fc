"""The receive path's figures beside its peer's; the table is printed."""

import pytest


@pytest.mark.bench
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("default")  # the peer's own
def test_receive(capsys):
    pytest.importorskip(
        "discord.ext.voice_recv",
        reason="the peer is not installed: pip install --pre discord-ext-voice-recv",
    )
    from tests.bench.receive import run

    with capsys.disabled():
        ratio, speakers = run()
    assert ratio >= 1
    assert speakers >= 64
