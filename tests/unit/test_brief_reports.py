"""What a run leaves out of its messages is what no summary shows."""

import pytest

from tests.brief_reports import is_needed


def report(**given):
    return {"data": {"when": "setup", "outcome": "passed", "duration": 0.0, "sections": []} | given}


@pytest.mark.parametrize(
    "given",
    [
        {"when": "call"},
        {"when": "call", "outcome": "failed"},
        {"outcome": "failed"},
        {"outcome": "skipped"},
        {"when": "teardown", "outcome": "failed"},
        {"duration": 0.005},
        {"sections": [("Captured stdout setup", "words")]},
    ],
)
def test_what_a_summary_shows_is_sent(given):
    assert is_needed("testreport", report(**given))


def test_what_passed_in_silence_and_announcements_are_not():
    assert not is_needed("testreport", report())
    assert not is_needed("testreport", report(when="teardown"))
    assert not is_needed("logstart", {"nodeid": "one"})
    assert is_needed("runtest_protocol_complete", {"item_index": 1})
