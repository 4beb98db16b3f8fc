"""Reads a PostgreSQL URL as libpq, hosts and other drivers write it. Pure.

`make_url` of SQLAlchemy hands every parameter to the driver as a keyword argument, and takes a
password with an unescaped `@` for a part of the host. asyncpg reads libpq's parameters of TLS only
from a DSN, so those are given to it as one.

Source: https://www.postgresql.org/docs/current/libpq-connect.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlencode

from bot.errors import BadSettings

HINT: Final = "Use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE."

_DEFAULT_PORT: Final = 5432
_MAX_CHARS: Final = 8_192
_SCHEME: Final = re.compile(r"postgres(?:ql)?(?:\+[a-z0-9_]+)?://", re.IGNORECASE)
_HOST: Final = r"(?:\[[0-9A-Fa-f:.%\w]+\]|[A-Za-z0-9_.%-]*)(?::[^:@/?,\[\]]*)?"
_AFTER_USER: Final = re.compile(
    rf"(?P<hosts>{_HOST}(?:,{_HOST})*)(?:/(?P<database>[^?#]*))?(?:\?(?P<query>[^#]*))?(?:\#.*)?",
    re.DOTALL,
)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}")

_SSL_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_SSL_SYNONYMS: Final = {
    "true": "require",
    "1": "require",
    "on": "require",
    "no-verify": "require",
    "false": "disable",
    "0": "disable",
    "off": "disable",
}
_SESSIONS: Final = ("any", "primary", "standby", "prefer-standby", "read-write", "read-only")
_SYSTEM: Final = "system"
_MAX_CONNECT_S: Final = 120.0

_TLS: Final = frozenset(
    {
        "sslcert",
        "sslkey",
        "sslpassword",
        "sslcrl",
        "sslrootcert",
        "sslnegotiation",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
    }
)
"""What asyncpg reads from a DSN, besides `sslmode`."""
_DRIVER: Final = frozenset({"passfile", "service", "krbsrvname", "gsslib", "target_session_attrs"})
"""What asyncpg takes as it stands."""
_PLACE: Final = frozenset({"host", "hostaddr", "port", "user", "password", "dbname"})
_TRANSLATED: Final = frozenset({"sslmode", "ssl", "requiressl", "connect_timeout", "options"})
_HARMLESS: Final = frozenset(
    {
        "application_name",
        "fallback_application_name",
        "client_encoding",
        "charset",
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        "gssencmode",
        "gssdelegation",
        "sslcompression",
        "sslsni",
        "load_balance_hosts",
        "connection_limit",
        "pool_timeout",
        "pool_size",
        "max_overflow",
        "pgbouncer",
        "supa",
        "statement_cache_size",
        "prepared_statement_cache_size",
        "prepareThreshold",
        "sslaccept",
        "socket_timeout",
        "uselibpqcompat",
        "binary_parameters",
    }
)
"""What changes nothing that people notice, or what skydeck decides itself."""
_UNPROTECTED: Final = frozenset(
    {
        "channel_binding",
        "require_auth",
        "requirepeer",
        "sslcrldir",
        "sslcertmode",
        "sslkeylogfile",
        "scram_client_key",
        "scram_server_key",
    }
)
"""What asyncpg lacks and protects the connection: the doctor names it."""
_KNOWN: Final = _PLACE | _TRANSLATED | _TLS | _DRIVER | _HARMLESS | _UNPROTECTED


@dataclass(frozen=True, slots=True)
class PostgresUrl:
    """What a URL says, without parameters that the driver does not know.

    Attributes:
        hosts: Names, addresses or folders of Unix sockets, with their ports, in the order to try;
            empty: this machine's socket.
        user: None: libpq's default, the account of the process.
        password: None: from `~/.pgpass`, if there is one.
        database: None: the one with the user's name.
        ssl_mode: libpq's `sslmode`; None: the driver's default.
        driver: Keyword arguments for `asyncpg.connect`; may hold a password.
        certificate_files: The files that the URL names, which have to exist, by parameter.
        ignored: The names of parameters that have no effect although they would protect the
            connection.
        trusts_system: Whether the server's certificate is checked against this machine's store.
    """

    hosts: tuple[tuple[str, int], ...]
    user: str | None
    password: str | None = field(repr=False)
    database: str | None
    ssl_mode: str | None
    driver: Mapping[str, Any] = field(repr=False)
    certificate_files: Mapping[str, str]
    ignored: tuple[str, ...]
    trusts_system: bool

    @classmethod
    def parse(cls, text: str) -> "PostgresUrl":
        """Read a URL; unescaped characters in the password are taken as they are.

        Raises:
            BadSettings: It cannot be read. No message repeats any value, which may be a secret.
        """
        scheme = _SCHEME.match(text)
        if scheme is None or len(text) > _MAX_CHARS or "\0" in text:
            raise _unreadable()
        account, place = _parted(text[scheme.end() :])
        query = _parameters(place["query"] or "")
        user, colon, password = account.partition(":")
        _check(query)
        trusts_system = query.get("sslrootcert") == _SYSTEM
        return cls(
            hosts=_hosts(place["hosts"], query),
            user=query.get("user") or unquote(user) or None,
            password=query.get("password") or (unquote(password) if colon and password else None),
            database=query.get("dbname") or unquote(place["database"] or "") or None,
            ssl_mode=None if trusts_system else _ssl_mode(query),
            driver=_for_driver(query),
            certificate_files={
                name: query[name]
                for name in ("sslrootcert", "sslcert", "sslkey", "sslcrl")
                if query.get(name, _SYSTEM) != _SYSTEM
            },
            ignored=tuple(sorted(query.keys() & _UNPROTECTED)),
            trusts_system=trusts_system,
        )


def _parted(text: str) -> tuple[str, re.Match[str]]:
    """The user's part of the URL and the rest: a password may hold `@`, `/`, `?` and `#`.

    The last `@` counts after which a host, a database and parameters follow. An address in a
    parameter does not look like that, because a `@` there stands after the `?`.
    """
    ends = [at for at in range(len(text)) if text[at] == "@"]
    for at in reversed(ends):
        found = _place(text, at + 1)
        if found is not None and not _is_in_query(text, at):
            return text[:at], found
    found = _place(text, 0)
    if found is None:
        raise _unreadable()
    return "", found


def _place(text: str, start: int) -> re.Match[str] | None:
    """Hosts, database and parameters.

    A name with `@` may be the end of a password with an unescaped `/`, so it is taken for no
    database: messages repeat the database's name.
    """
    found = _AFTER_USER.fullmatch(text, start)
    return None if found is None or "@" in (found["database"] or "") else found


def _is_in_query(text: str, at: int) -> bool:
    """Whether an earlier `@` ends the user's part, and this one is in a known parameter's value."""
    first = text.find("@")
    found = _AFTER_USER.fullmatch(text, first + 1)
    if found is None or not found["query"] or at < found.start("query"):
        return False
    names = {pair.partition("=")[0] for pair in found["query"].split("&")}
    return names <= _KNOWN


def _parameters(query: str) -> dict[str, str]:
    """The parameters; the last of several with the same name counts, as in libpq."""
    found: dict[str, list[str]] = {}
    for pair in filter(None, query.split("&")):
        name, equals, value = pair.partition("=")
        if not equals or not _NAME.fullmatch(unquote(name)):
            raise BadSettings(
                "The parameters of the database URL cannot be read.",
                hint="Write them as ?name=value&name=value; in the password, write each of "
                "@ : / ? # % as its percent code.",
            )
        # Not parse_qsl, which reads "+" as a space; libpq does not.
        found.setdefault(unquote(name), []).append(unquote(value))
    joined = {name: ",".join(values) for name, values in found.items() if name in {"host", "port"}}
    return {name: values[-1] for name, values in found.items()} | joined


def _check(query: Mapping[str, str]) -> None:
    """Refuse parameters that mean nothing here, and values that mean nothing.

    Raises:
        BadSettings: It names them.
    """
    unknown = sorted(
        name
        for name, value in query.items()
        if name not in _KNOWN and (name, value) != ("schema", "public")
    )
    if unknown:
        raise BadSettings(
            f"The database URL has parameters that skydeck does not know: {', '.join(unknown)}.",
            hint="Check their spelling, or leave them out.",
        )
    if query.get("target_session_attrs", "any") not in _SESSIONS:
        raise _one_of("target_session_attrs", _SESSIONS)


def _hosts(authority: str, query: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    """The hosts of the URL, or of `host=` and `port=` where it has none."""
    pairs = [_host_and_port(one) for one in authority.split(",")] if authority else []
    named = [name for name, _ in pairs if name]
    ports = [port for _, port in pairs]
    if not named:
        named = list(filter(None, (query.get("host") or query.get("hostaddr") or "").split(",")))
        ports = [port for port in ports if port]
    if query.get("port"):
        ports = query["port"].split(",")
    if not named:
        if not any(ports):
            return ()
        named = ["localhost"]
    if len(named) != len(pairs) and any(not name for name, _ in pairs) and len(pairs) > 1:
        raise _unreadable()
    if len(ports) <= 1:
        ports = [ports[0] if ports else ""] * len(named)
    if len(ports) != len(named):
        raise BadSettings("The database URL has more hosts than ports.", hint=HINT)
    return tuple((name, _port(port)) for name, port in zip(named, ports, strict=True))


def _host_and_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return unquote(host), port.removeprefix(":")
    host, _, port = text.partition(":")
    return unquote(host), port


def _port(text: str) -> int:
    if not text:
        return _DEFAULT_PORT
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65_536):  # noqa: PLR2004
        raise BadSettings(
            "The database URL cannot be read: its port is not a number from 1 to 65535.",
            hint="If the password has any of @ : / ? # %, write it as its percent code (@ is %40).",
        )
    return int(text)


def _ssl_mode(query: Mapping[str, str]) -> str | None:
    mode = query.get("sslmode") or query.get("ssl")
    if mode is None:
        return "require" if query.get("requiressl") == "1" else None
    mode = _SSL_SYNONYMS.get(mode.lower(), mode.lower())
    if mode not in _SSL_MODES:
        raise _one_of("sslmode", _SSL_MODES)
    return mode


def _for_driver(query: Mapping[str, str]) -> dict[str, Any]:
    arguments: dict[str, Any] = {name: query[name] for name in _DRIVER if query.get(name)}
    if "connect_timeout" in query:
        arguments["timeout"] = _connect_timeout_s(query["connect_timeout"])
    if query.get("options"):
        arguments["server_settings"] = {"options": query["options"]}
    tls = {name: query[name] for name in sorted(_TLS) if query.get(name, _SYSTEM) != _SYSTEM}
    if tls:
        arguments["dsn"] = f"postgresql://?{urlencode(tls)}"
    return arguments


def _connect_timeout_s(text: str) -> float:
    """Libpq's seconds; 0 and less mean "for ever" there, and two minutes here."""
    try:
        seconds = int(text)
    except ValueError:
        raise BadSettings(
            "connect_timeout in the database URL is not a whole number of seconds.", hint=HINT
        ) from None
    return min(float(max(seconds, 2)), _MAX_CONNECT_S) if seconds > 0 else _MAX_CONNECT_S


def _one_of(name: str, values: tuple[str, ...]) -> BadSettings:
    return BadSettings(
        f"{name} in the database URL is not one of {', '.join(values)}.",
        hint="See https://www.postgresql.org/docs/current/libpq-connect.html",
    )


def _unreadable() -> BadSettings:
    return BadSettings("The database URL cannot be read.", hint=HINT)
