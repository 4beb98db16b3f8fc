"""The generated pages are those that the code would write today."""

import pytest

from scripts.reference.pages import FOLDER, PAGES


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_new(name):
    assert (FOLDER / name).read_text("utf-8") == PAGES[name](), "`make reference` writes it"
