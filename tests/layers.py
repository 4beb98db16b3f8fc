"""Marks each test with the layer of its folder.

A test that needs more than its folder offers (a store test on PostgreSQL) is marked `system`.
"""

from pathlib import Path

import pytest

from tests.paths import TESTS

LAYERS = {"unit": "unit", "integration": "integration", "system": "system", "simulator": "system"}


def folder_layer(path: Path) -> str | None:
    """The layer of a test file; benchmarks have none."""
    return LAYERS.get(path.relative_to(TESTS).parts[0])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Add the markers before `-m` selects by them."""
    for item in items:
        layer = folder_layer(item.path)
        if layer and item.get_closest_marker("system") is None:
            item.add_marker(layer)
