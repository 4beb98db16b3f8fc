"""For the tests that look at all cogs together: what the services were asked."""

# mypy: ignore-errors

import pytest

from tests.fakes.handlers import echo


@pytest.fixture
def asked():
    """Every request that `note` has answered."""
    return []


@pytest.fixture
def note(asked):
    """Answers with what it is asked, and notes it."""

    async def note(request):
        asked.append(request)
        async for response in echo(request):
            yield response

    return note
