from tests.integration.cogs.chat.conftest import cogs, handlers, penny_script  # noqa: F401
