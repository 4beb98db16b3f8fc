"""Database URLs as hosts hand them out, and as people type them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import BadSettings
from bot.store.address import Address
from bot.store.postgres_url import PostgresUrl

HOSTED = {
    "Neon": "postgresql://u:pw@ep-a-1.eu.aws.neon.tech/db?sslmode=require&channel_binding=require",
    "Neon, pooled": "postgresql://u:pw@ep-a-1-pooler.eu.aws.neon.tech/db?sslmode=require",
    "Neon, without SNI": "postgresql://u:pw@ep-a-1.neon.tech/db?options=endpoint%3Dep-a-1",
    "Supabase": "postgresql://postgres:pw@db.abc.supabase.co:5432/postgres",
    "Supabase, session": "postgresql://postgres.abc:pw@aws-0-eu.pooler.supabase.com:5432/postgres",
    "Supabase, transaction": "postgres://postgres.abc:pw@aws-0-eu.pooler.supabase.com:6543/postgres",
    "Supabase, Prisma": "postgresql://u:pw@h:6543/postgres?pgbouncer=true&connection_limit=1",
    "RDS": "postgresql://u:pw@x.rds.amazonaws.com:5432/db?sslmode=require&connect_timeout=15",
    "Heroku": "postgres://u:pw@ec2-1-2-3-4.compute-1.amazonaws.com:5432/d1abc",
    "Railway": "postgresql://postgres:pw@containers-us-west-1.railway.app:7432/railway",
    "psycopg": "postgresql+psycopg://u:pw@h/db?application_name=me&keepalives=1&keepalives_idle=30",
    "psycopg2": "postgresql+psycopg2://u:pw@h:5432/db?gssencmode=disable",
    "Render": "postgresql://u:pw@dpg-x-a.frankfurt-postgres.render.com/db?ssl=true",
    "Prisma": "postgresql://u:pw@h:5432/db?schema=public&sslaccept=strict",
    "Cockroach": "postgresql://u:pw@free-tier.cockroachlabs.cloud:26257/db?sslrootcert=system",
    "DigitalOcean": "postgresql://doadmin:pw@db-x.ondigitalocean.com:25060/defaultdb?sslmode=require",
}


@pytest.mark.parametrize("text", HOSTED.values(), ids=HOSTED)
def test_what_hosts_hand_out_is_read(text):
    address = Address.parse(text)
    assert address.url.drivername == "postgresql+asyncpg"
    assert address.url.password == "pw"
    assert set(address.url.query) <= {"ssl"}
    assert "pw" not in address.label
    assert "pw" not in repr(address)


def test_parameters_become_the_drivers():
    read = PostgresUrl.parse(
        "postgres://u@h/db?sslmode=verify-full&sslrootcert=/r&sslcert=/c&connect_timeout=7"
        "&target_session_attrs=read-write&options=-c%20search_path%3Dx&channel_binding=require"
    )
    assert read.ssl_mode == "verify-full"
    assert read.driver == {
        "target_session_attrs": "read-write",
        "timeout": 7.0,
        "server_settings": {"options": "-c search_path=x"},
        "dsn": "postgresql://?sslcert=%2Fc&sslrootcert=%2Fr",
    }
    assert read.certificate_files == {"sslrootcert": "/r", "sslcert": "/c"}
    assert read.ignored == ("channel_binding",)


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("postgresql://a,b/db", [("a", 5432), ("b", 5432)]),
        ("postgresql://a:1,b:2/db", [("a", 1), ("b", 2)]),
        ("postgresql://a,b:2/db", [("a", 5432), ("b", 2)]),
        ("postgresql://[::1]:5433,[fe80::1]/db", [("::1", 5433), ("fe80::1", 5432)]),
        ("postgresql:///db?host=a,b&port=1,2", [("a", 1), ("b", 2)]),
        ("postgresql:///db?host=a&host=b", [("a", 5432), ("b", 5432)]),
        ("postgresql:///db?host=/run/postgresql", [("/run/postgresql", 5432)]),
        ("postgresql://%2Frun%2Fpostgresql/db", [("/run/postgresql", 5432)]),
        ("postgresql:///db?hostaddr=10.0.0.1", [("10.0.0.1", 5432)]),
        ("postgresql://:5433/db", [("localhost", 5433)]),
        ("postgresql:///db", []),
    ],
)
def test_hosts(text, hosts):
    assert list(PostgresUrl.parse(text).hosts) == hosts


@pytest.mark.parametrize(
    "password",
    ["p@ss", "a/b", "a?b=c", "a#b", "a:b", "100%sure", "p@h/x?y=z#w@v", "sl%zz", "ü ñ", "a&b=c"],
)
def test_signs_that_should_have_been_quoted_are_the_passwords(password):
    read = PostgresUrl.parse(f"postgresql://u:{password}@db.example:5432/deck?sslmode=require")
    assert (read.user, read.password, read.database) == ("u", password, "deck")
    assert read.hosts == (("db.example", 5432),)
    assert password not in Address.parse(f"postgresql://u:{password}@db.example/deck").label


def test_an_address_in_a_parameter_is_no_host():
    read = PostgresUrl.parse("postgresql://u:pw@h/db?application_name=ops@example.org")
    assert (read.user, read.password, read.hosts) == ("u", "pw", (("h", 5432),))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("sslmod=require", "does not know: sslmod"),
        ("foo=1&bar=2", "does not know: bar, foo"),
        ("schema=other", "does not know: schema"),
        ("replication=database", "does not know: replication"),
        ("sslmode=strict", "sslmode in the database URL is not one of"),
        ("target_session_attrs=leader", "target_session_attrs in the database URL is not one of"),
        ("connect_timeout=soon", "connect_timeout in the database URL"),
        ("port=x", "cannot be read: its port"),
        ("port=1,2,3", "more hosts than ports"),
        ("sslmode", "parameters of the database URL cannot be read"),
        ("sslrootcert=/no/such/file", "sslrootcert in the database URL names no file"),
        ("sslcert=/no/such/file", "sslcert in the database URL names no file"),
    ],
)
def test_what_means_nothing_is_named_in_one_line(query, words):
    with pytest.raises(BadSettings, match=words) as refused:
        Address.parse(f"postgresql://u:secret@h/db?{query}")
    assert "secret" not in refused.value.message + refused.value.hint
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    "text",
    [
        "postgres",
        "postgresql:u:secret@h",
        "jdbc:postgresql://h/db?user=u&password=secret",
        "host=h user=u password=secret",
        "postgresql://u:secret@h:port/d",
        "postgresql://u:secret@h:99999/d",
        "postgresql://u:secret@/\0",
        "postgresql://u:secret@[::1/d",
    ],
)
def test_a_url_that_cannot_be_read_is_not_repeated(text):
    with pytest.raises(BadSettings) as refused:
        Address.parse(text)
    assert "secret" not in refused.value.message + refused.value.hint


@given(st.text(max_size=80), st.text(max_size=80))
@example("@/", "\x1b")
@example("u@h/", "\n/")
def test_no_text_breaks_the_reader(before, after):
    """The password is not told, whatever stands around it."""
    for text in (before + after, f"postgresql://{before}:hushhush@{after}"):
        try:
            address = Address.parse(text)
        except BadSettings as e:
            told = e.message + e.hint
        else:
            told = address.label + repr(address)
        if "hushhush" not in before + after:
            assert "hushhush" not in told
