"""What benches measure is what people get."""

import pytest

from bot.processors import model_threads


@pytest.fixture(scope="session")
def threads() -> int:
    """As many as the product takes by itself, unlike in the tests."""
    return model_threads()
