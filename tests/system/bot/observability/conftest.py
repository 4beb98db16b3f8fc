from tests.integration.bot.observability.conftest import collector  # noqa: F401
