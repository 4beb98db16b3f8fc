"""Every file, setting and command that the documents name exists."""

import re

import pytest
from typer.main import get_command

from bot.cli.main import app
from bot.settings import Settings
from tests.system.deploy.test_images import ROOT

PAGES = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "deploy/README.md"]
PAGES += ["docs/reliability.md", "docs/rights.md"]
FOLDERS = "tests|deploy|docs|bot|cogs|audio|scripts|kubernetes"


@pytest.mark.parametrize("page", PAGES)
def test_every_file_named_exists(page):
    text = (ROOT / page).read_text()
    named = set(re.findall(rf"`((?:{FOLDERS})/[\w./-]+)`", text))
    named |= set(re.findall(r"\]\(([\w./-]+)\)", text))
    folders = [ROOT, (ROOT / page).parent]
    assert [name for name in named if not any((f / name).exists() for f in folders)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_named_exists(page):
    named = set(re.findall(r"\bSKYDECK_[A-Z_]+\b", (ROOT / page).read_text()))
    known = {name.upper() for name in Settings.model_fields}
    known.add("SKYDECK_DISCORD_OPENAPI")  # the simulator reads it
    # `SKYDECK_BUDGET_*` stands for several
    assert [n for n in named - known if not any(k.startswith(n) for k in known)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_command_named_exists(page):
    named = set(
        re.findall(r"(?:`|^|&& |'|: )skydeck ([a-z]+)", (ROOT / page).read_text(), re.MULTILINE)
    )
    assert named <= set(get_command(app).commands)


def test_the_page_agrees_with_the_code():
    """The operator's page quotes figures from the code."""
    from bot.workers.server.jobs import HELD_LIMIT_BYTES
    from bot.workers.serverless import IN_FLIGHT

    text = (ROOT / "deploy" / "README.md").read_text()
    assert IN_FLIGHT == 4
    assert "takes four jobs at once" in text
    assert f"{HELD_LIMIT_BYTES // 2**20} MiB in memory" in text
    fields = Settings.model_fields
    for service in ("penny", "grace", "factory"):
        assert f"{service}_deadline_s" in fields
        assert f"`{service.upper()}_DEADLINE_S`" in text
    assert f"${fields['skydeck_gpu_usd_per_s'].default}" in text
