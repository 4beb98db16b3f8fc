"""Which layer a test is of: its folder says so, here and nowhere else.

A test that needs more than its folder has (one of a store's, on PostgreSQL) is marked `system`.
"""

from pathlib import Path

import pytest

from tests.paths import TESTS

LAYERS = {"unit": "unit", "integration": "integration", "system": "system", "simulator": "system"}


def folder_layer(path: Path) -> str | None:
    """The layer of a test file; a bench has none."""
    return LAYERS.get(path.relative_to(TESTS).parts[0])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marked before `-m` chooses among them."""
    for item in items:
        layer = folder_layer(item.path)
        if layer and item.get_closest_marker("system") is None:
            item.add_marker(layer)
