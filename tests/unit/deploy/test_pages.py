"""The operator's page agrees with the code; what every page has to: tests/unit/docs."""

from bot.settings import Settings
from tests.paths import ROOT


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
