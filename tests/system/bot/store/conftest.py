from tests.integration.bot.store.conftest import (  # noqa: F401
    clock,
    empty_url,
    entry,
    execute,
    kind,
    message,
    process,
    sqlite_template,
    store,
    url,
)
