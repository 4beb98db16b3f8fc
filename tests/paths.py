"""Paths for tests in any folder."""

from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
CLIPS = TESTS / "clips"
GOLDEN = TESTS / "golden"
