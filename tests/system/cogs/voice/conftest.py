from tests.integration.cogs.voice.conftest import called, cogs, handlers, lounge, penny_says  # noqa: F401
