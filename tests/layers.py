"""Marks each test with the layer of its folder.

A test that needs more than its folder offers (a store test on PostgreSQL) belongs to `system`.
"""

from functools import cache
from pathlib import Path

import pytest

from tests.paths import TESTS

LAYERS = {"unit": "unit", "integration": "integration", "system": "system"}


@cache
def folder_layer(path: Path) -> str | None:
    """The layer of a test file; benchmarks have none."""
    return LAYERS.get(path.relative_to(TESTS).parts[0])


def _needs_postgres(item: pytest.Item) -> bool:
    """Whether a test starts a PostgreSQL server: by name, or as the `kind` of its store."""
    callspec = getattr(item, "callspec", None)
    kind = callspec.params.get("kind") if callspec else None
    return kind == "postgres" or "postgres" in getattr(item, "fixturenames", ())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Add the markers before `-m` selects by them."""
    for item in items:
        layer = folder_layer(item.path)
        if layer and _needs_postgres(item):
            layer = "system"
        if layer and item.get_closest_marker("system") is None:
            item.add_marker(layer)
