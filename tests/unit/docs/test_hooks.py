"""Links that work in the repository become the site's; the dialog for searching has a name."""

import importlib.util

import pytest

from tests.paths import ROOT

spec = importlib.util.spec_from_file_location("docs_hooks", ROOT / "scripts" / "docs_hooks.py")
hooks = importlib.util.module_from_spec(spec)
spec.loader.exec_module(hooks)


@pytest.mark.parametrize(
    ("page", "link", "in_the_site"),
    [
        ("security.md", "docs/rights.md", "rights.md"),
        ("deploy.md", "../docs/operating.md#costs", "operating.md#costs"),
        ("operating.md", "../deploy/README.md", "deploy.md"),
        ("es/tutorial.md", "../tutorial.md", "../tutorial.md"),
        ("es/tutorial.md", "../../SECURITY.md", "../security.md"),
        ("reference/contract.md", "#audio", "#audio"),
        ("quality.md", "quality/answers-0.svg", "quality/answers-0.svg"),
        ("index.md", "https://discord.com/developers", "https://discord.com/developers"),
    ],
)
def test_a_link(page, link, in_the_site):
    assert hooks.site_links(f"See [it]({link}).", page) == f"See [it]({in_the_site})."


def test_the_dialog_for_searching_has_a_name():
    named = hooks.on_post_template('<div class="md-search" role="dialog">')
    assert named == '<div class="md-search" role="dialog" aria-label="Search">'
