from tests.integration.cogs.factory.conftest import cogs, factory, handlers  # noqa: F401
