"""What lets others read secrets is told."""

import pytest

from bot.errors import BadSettings
from bot.settings import Settings, precautions
from bot.store.address import Address


def settings(**given) -> Settings:
    return Settings(_env_file=None, **given)


@pytest.mark.parametrize(
    "url", ["http://192.0.2.1/v2", "http://gpu.lan:8010/v2", "http://[2001:db8::1]/v2"]
)
def test_a_key_in_the_clear(url, tmp_path):
    [(words, advice)] = precautions(
        settings(runpod_api_key="rpa_SECRET", runpod_base_url=url), env_file=tmp_path / "none"
    )
    assert "without encryption" in words
    assert "https" in advice
    assert "rpa_SECRET" not in words + advice


@pytest.mark.parametrize(
    "url",
    ["https://api.runpod.ai/v2", "http://127.0.0.1:8/v2", "http://localhost/v2", "http://[::1]/"],
)
def test_a_key_that_is_safe(url, tmp_path):
    given = settings(runpod_api_key="rpa_SECRET", runpod_base_url=url)
    assert precautions(given, env_file=tmp_path / "none") == []
    assert precautions(settings(runpod_base_url="http://192.0.2.1/"), env_file=tmp_path / "x") == []


@pytest.mark.parametrize(
    ("mode", "text", "told"),
    [
        (0o666, "RUNPOD_API_KEY=rpa\n", True),
        (0o640, "# mine\nexport DISCORD_TOKEN = 'x'\n", True),
        (0o600, "RUNPOD_API_KEY=rpa\n", False),
        (0o644, "RUNPOD_API_KEY=\n#DISCORD_TOKEN=x\nPENNY_MODE=run\n", False),
    ],
)
def test_a_file_that_others_read(mode, text, told, tmp_path):
    file = tmp_path / ".env"
    file.write_text(text)
    file.chmod(mode)
    found = precautions(settings(), env_file=file)
    assert [advice for _, advice in found] == ([f"Run: chmod 600 {file}"] if told else [])


def test_a_database_that_is_a_folder(tmp_path):
    with pytest.raises(BadSettings, match="folder"):
        Address.parse(f"sqlite:///{tmp_path}")
