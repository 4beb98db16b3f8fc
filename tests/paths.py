"""Where things are, whatever folder a test is in."""

from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
CLIPS = TESTS / "clips"
GOLDEN = TESTS / "golden"
