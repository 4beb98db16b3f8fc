"""What is told when PostgreSQL refuses a connection: one line, and no password."""

import pytest

from bot.cli.storage_checks import database_state
from bot.errors import StoreFailed
from bot.settings import Settings


def state(url: str) -> str:
    return database_state(Settings(_env_file=None, skydeck_database_url=url))


@pytest.mark.parametrize(
    "change",
    [
        ("/postgres", "/no_such_database"),
        ("postgres@", "nobody:secret@"),
        ("/postgres", "/postgres?sslmode=require"),
        ("/postgres", "/postgres?sslmode=verify-full"),
        ("/postgres", "/postgres?sslrootcert=system"),
        ("/postgres", "/postgres?target_session_attrs=standby"),
        ("/postgres", "/postgres?options=endpoint%3Dep-1"),
        ("/postgres", "/postgres?service=nowhere&port=1"),
        ("127.0.0.1", "no-such-host.invalid"),
        ("127.0.0.1", "[::1%25nowhere]"),
        ("/postgres", "/postgres?port=1"),
        ("127.0.0.1", "%2Fno%2Fsuch%2Ffolder"),
    ],
    ids=lambda change: change[1],
)
def test_a_refused_connection_is_told(postgres, change):
    old, new = change
    with pytest.raises(StoreFailed) as told:
        state(new.join(postgres.url("postgres").rsplit(old, 1)))
    assert "secret" not in told.value.message + told.value.hint
    assert "\n" not in told.value.message
    assert len(told.value.message) > len("The database () failed: .")


@pytest.mark.parametrize(
    "query",
    [
        "sslmode=prefer&channel_binding=prefer",
        "application_name=me&connect_timeout=0&keepalives=1",
        "options=-c%20statement_timeout%3D5000",
        "target_session_attrs=read-write",
    ],
)
def test_usual_parameters_connect(postgres, query):
    assert "created at the first start" in state(f"{postgres.url('postgres')}?{query}")


def test_several_hosts_and_a_socket(postgres):
    url = f"postgresql://postgres@127.0.0.1:1,127.0.0.1:{postgres.port}/postgres"
    assert "created at the first start" in state(url)
    url = f"postgresql://postgres@/postgres?host={postgres.folder}&port={postgres.port}"
    assert "created at the first start" in state(url)
