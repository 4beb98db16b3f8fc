"""Figures about how people are heard."""

from audio.discord_voice.stats import Health


def test_loss_counts_what_came_late_once():
    assert Health(received=90, lost=10).loss == 0.1
    assert Health(received=90, lost=10, undecryptable=10).loss == 0.2
    assert Health(received=80, lost=20, late=20).loss == 0.25
    assert Health().loss == 0.0
