"""Behind a proxy: Discord's API, gateway and files, and the services, all go through it."""

import pytest

from bot import proxies
from local_discord import File
from tests.fakes.http_proxy import http_proxy


@pytest.fixture(autouse=True)
async def proxy(monkeypatch):
    """A proxy for everything; the local Discord counts as far away."""
    monkeypatch.setattr(proxies, "is_loopback", lambda _host: False)
    for name in ("NO_PROXY", "no_proxy", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    async with http_proxy("user:password") as running:
        monkeypatch.setenv("HTTP_PROXY", running.url)
        monkeypatch.setenv("HTTPS_PROXY", running.url)
        yield running


async def test_everything_goes_through_the_proxy(sim, deck, channel, ben, proxy, penny_script):
    await ben.says("@Alfred sum up", channel, files=[File("a.txt", b"Otters hold hands.")])
    await ben.sees("You said")
    assert "Otters hold hands." in str(penny_script.asked[-1].input.data)
    assert proxy.refused == 0
    for place in ("/users/@me ", "/gateway", "encoding=json", "a.txt", "/messages ", "/penny/"):
        assert any(place in one for one in proxy.asked), (place, proxy.asked)
    calls = [one for one in sim.log.calls if one.method]
    assert sum("/api/v10/" in one for one in proxy.asked) == len(calls)
    assert sim.problems == []
