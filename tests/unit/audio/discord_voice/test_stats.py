"""Figures about how people are heard."""

from audio.discord_voice.stats import ReceptionStats


def test_loss_counts_what_came_late_once():
    assert ReceptionStats(received=90, lost=10).loss == 0.1
    assert ReceptionStats(received=90, lost=10, undecryptable=10).loss == 0.2
    assert ReceptionStats(received=80, lost=20, late=20).loss == 0.25
    assert ReceptionStats().loss == 0.0
