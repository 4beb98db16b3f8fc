"""Log lines: valid JSON, and no secrets in them."""

import json
import logging
import sys

from bot.observability.logs import HIDDEN, Json, Plain, Redaction, secrets_of, set_up_logs
from bot.settings import Settings
from bot.spans import CURRENT_TRACE

KEY, TOKEN, PASSWORD = "rp_SECRET_0123456789", "MTk4.Gx.token-of-the-bot", "hunter2hunter2"


def redaction() -> Redaction:
    settings = Settings(
        _env_file=None,
        runpod_api_key=KEY,
        discord_token=TOKEN,
        skydeck_database_url=f"postgresql://deck:{PASSWORD}@db/deck",
    )
    return Redaction(secrets_of(settings))


def record(message, *values, error=False, **extra):
    info = None
    if error:
        try:
            int(f"refused {KEY}")
        except ValueError:
            info = sys.exc_info()
    made = logging.makeLogRecord(
        {"name": "bot.x", "levelname": "INFO", "msg": message, "args": values, "exc_info": info}
    )
    vars(made).update(extra)
    return made


def test_no_secret_gets_into_a_log():
    said = record(
        "key %s, Authorization: Bearer %s, Bot %s, %s at postgresql://a:%s@b/c",
        KEY, "abcdefghijkl", TOKEN, "QUJD" * 100, PASSWORD,
        error=True, sent={"token": TOKEN},
    )  # fmt: skip
    for formatter in (Json(redaction()), Plain(redaction())):
        line = formatter.format(said)
        for secret in (KEY, TOKEN, PASSWORD, "abcdefghijkl", "QUJDQUJD"):
            assert secret not in line
        assert HIDDEN in line


def test_a_line_is_an_object_with_its_trace():
    mark = CURRENT_TRACE.set("ab" * 16)
    try:
        line = json.loads(Json(Redaction()).format(record("said %d", 7, shard=3)))
    finally:
        CURRENT_TRACE.reset(mark)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "INFO", "logger": "bot.x", "message": "said 7", "trace_id": "ab" * 16,
        "shard": "3",
    }  # fmt: skip


def test_no_token_of_an_interaction_gets_into_a_log():
    redact, token = redaction(), "aW50ZXJhY3Rpb24-short.one"
    for text in (
        f"Webhook ID 1 with POST https://discord.com/api/v10/webhooks/17/{token}/messages/@original",
        f"POST /api/v10/interactions/17/{token}/callback has returned status code 404",
        f"WebSocket Event: {{'t': 'INTERACTION_CREATE', 'd': {{'token': '{token}', 'id': '3'}}}}",
        f'{{"token": "{token}"}}',
    ):
        assert token not in redact(text)
        assert HIDDEN in redact(text)


def test_no_driver_tells_the_values_of_statements_at_any_level(monkeypatch):
    """At DEBUG aiosqlite logs each statement with its values: people's words and live tokens."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    drivers = [logging.getLogger(name) for name in ("aiosqlite", "sqlalchemy.engine", "asyncpg")]
    levels = {one: one.level for one in (root, *drivers, logging.getLogger("sqlalchemy"))}
    own = {logging.getLogger(n): logging.getLogger(n).level for n in ("bot", "cogs", "audio")}
    try:
        set_up_logs(Settings(_env_file=None, skydeck_log_level="DEBUG"))
        assert root.isEnabledFor(logging.DEBUG)
        assert not [one for one in drivers if one.isEnabledFor(logging.INFO)]
        assert logging.getLogger("discord").isEnabledFor(logging.DEBUG)
    finally:
        for logger, level in (levels | own).items():
            logger.setLevel(level)
