from tests.integration.cogs.grace.conftest import cogs  # noqa: F401
