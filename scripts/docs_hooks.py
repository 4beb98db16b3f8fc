"""What `mkdocs build` does beyond MkDocs: pages from outside docs/, and pages in Spanish.

Some pages lie where people look for them in the repository, as `SECURITY.md`. The site shows them,
too, from there. Links are written as they work in the repository; here they become the site's.
"""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # tests read this file where MkDocs is not installed
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parents[1]
PAGES: Final[Mapping[str, str]] = {
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "deploy/README.md": "deploy.md",
    "local_discord/README.md": "local-discord.md",
}
"""Pages from outside docs/, by their place in the repository, and their place in the site."""
_LINK: Final = re.compile(r"(\]\()([^)\s#:]+)(#[^)\s]*)?(?=\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from outside docs/."""
    from mkdocs.structure.files import File  # noqa: PLC0415  (see above)

    for source, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Turn the links of a page from the repository's into the site's."""
    return site_links(markdown, page.file.src_uri)


def on_page_context(context: dict[str, Any], page: Page, config: MkDocsConfig, **_: Any) -> None:
    """Have the theme speak the language of the page."""
    config.theme["language"] = "es" if _is_spanish(page) else "en"


def on_post_page(output: str, page: Page, **_: Any) -> str:
    """Name the theme's dialog for searching, which screen readers announce."""
    return _with_named_dialog(output, "Buscar" if _is_spanish(page) else "Search")


def on_post_template(output_content: str, **_: Any) -> str:
    """The same on the page that a dead address shows."""
    return _with_named_dialog(output_content, "Search")


def on_post_build(config: MkDocsConfig, **_: Any) -> None:
    """Put the list of pages in es/, too, where the theme's choice of languages asks for it."""
    site = Path(config.site_dir)
    shutil.copyfile(site / "sitemap.xml", site / "es" / "sitemap.xml")


def _with_named_dialog(html: str, name: str) -> str:
    return html.replace('role="dialog"', f'role="dialog" aria-label="{name}"', 1)


def _is_spanish(page: Page) -> bool:
    return page.file.src_uri.startswith("es/")


def site_links(markdown: str, page: str) -> str:
    """A page's text with the links that work in the site.

    Args:
        markdown: As it is in the repository.
        page: Its place in the site.
    """
    places = {page: source for source, page in PAGES.items()}
    here = posixpath.dirname(places.get(page, f"docs/{page}"))

    def translated(found: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(here, found[2]))
        target = PAGES.get(path, path.removeprefix("docs/"))
        relative = posixpath.relpath(target, posixpath.dirname(page) or ".")
        return f"{found[1]}{relative}{found[3] or ''}"

    return _LINK.sub(translated, markdown)
