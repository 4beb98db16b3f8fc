"""Which proxy of the environment is used for what."""

import pytest

from bot.errors import BadSettings
from bot.proxies import describe_proxy, proxy_for

API = "https://discord.com/api/v10"
NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "WSS_PROXY")


@pytest.fixture
def env(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

    def put(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return put


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, API, None),
        ({"HTTPS_PROXY": "http://p:3128"}, API, "http://p:3128"),
        ({"https_proxy": "http://p:3128"}, API, "http://p:3128"),
        ({"HTTPS_PROXY": "p:3128"}, API, "http://p:3128"),
        ({"HTTPS_PROXY": "http://u:pw@p:3128"}, API, "http://u:pw@p:3128"),
        ({"HTTPS_PROXY": "http://p:3128"}, "wss://gateway.discord.gg", "http://p:3128"),
        ({"HTTPS_PROXY": "http://p:3128"}, "http://discord.com", None),
        ({"HTTP_PROXY": "http://p:3128"}, API, None),
        ({"HTTP_PROXY": "http://p:3128"}, "ws://gateway.example", "http://p:3128"),
        ({"ALL_PROXY": "http://p:3128"}, API, "http://p:3128"),
        ({"ALL_PROXY": "socks5://s:1", "HTTPS_PROXY": "http://p:3128"}, API, "http://p:3128"),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "*"}, API, None),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "discord.com"}, API, None),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": ".com, x"}, API, None),
        ({"HTTPS_PROXY": "http://p:3128", "NO_PROXY": "ord.com"}, API, "http://p:3128"),
        ({"HTTPS_PROXY": "http://p:3128"}, "https://127.0.0.1:8010/v2", None),
        ({"HTTPS_PROXY": "http://p:3128"}, "https://localhost/v2", None),
        ({"HTTPS_PROXY": "http://[::1]:3128"}, API, "http://[::1]:3128"),
    ],
)
def test_the_environment_decides(env, environment, url, proxy):
    env(**environment)
    assert proxy_for(url) == proxy


@pytest.mark.parametrize(
    "proxy", ["socks5://u:secret@p:1080", "socks5h://p:1", "http://u:secret@", "http://p:port"]
)
def test_what_cannot_be_used_is_told_without_the_password(env, proxy):
    env(HTTPS_PROXY=proxy)
    with pytest.raises(BadSettings) as told:
        proxy_for(API)
    assert "secret" not in told.value.message + told.value.hint
    assert "HTTPS_PROXY" in told.value.message + told.value.hint


def test_a_proxy_is_named_without_its_password():
    assert describe_proxy("http://u:pw@p:3128") == "http://p:3128"
    assert describe_proxy("http://[::1]:3128") == "http://[::1]:3128"


def test_the_model_clients_take_the_same_proxy(env):
    import httpx2

    from bot.workers.answer_limits import connection

    env(ALL_PROXY="socks5://s:1", HTTPS_PROXY="http://p:3128")
    arguments = connection("https://api.anthropic.com")
    assert arguments["proxy"] == "http://p:3128"
    httpx2.AsyncClient(**arguments)
    env(HTTPS_PROXY="")
    with pytest.raises(BadSettings, match="socks5"):
        connection("https://api.anthropic.com")


@pytest.mark.parametrize(
    ("url", "is_checked"),
    [
        ("https://api.anthropic.com", True),
        ("HTTPS://api.example/v1", True),
        ("http://127.0.0.1:11434/v1", False),
    ],
)
def test_certificates_are_read_where_there_is_one_to_check(url, is_checked):
    import ssl

    from bot.workers.answer_limits import connection

    verify = connection(url)["verify"]
    assert isinstance(verify, ssl.SSLContext) is is_checked
    assert not is_checked or verify.verify_mode is ssl.CERT_REQUIRED
