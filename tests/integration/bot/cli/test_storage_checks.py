"""What the doctor says of the database and of the room on disks."""

import asyncio
import shutil
import sqlite3
from contextlib import closing

import pytest

from bot.cli.storage_checks import database_state, free_space
from bot.clock import SystemClock
from bot.errors import BadSettings, StoreFailed
from bot.settings import Settings
from bot.store.address import Address
from bot.store.maintenance.migrate import head, migrate


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(
        _env_file=None,
        skydeck_database_url=f"sqlite:///{tmp_path}/new/skydeck.db",
        skydeck_weights_dir=tmp_path / "no" / "such" / "folder",
    )


def test_the_database(settings, tmp_path):
    file = tmp_path / "new" / "skydeck.db"
    assert database_state(settings) == f"{file}, created at the first start"
    assert not file.parent.exists()
    asyncio.run(migrate(Address.parse(f"sqlite:///{file}"), SystemClock()))
    assert database_state(settings) == f"{file}, schema {head()}"
    for revision, said in (("0001", "upgraded to"), ("9999", "newer skydeck")):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
            connection.commit()
        if revision == "0001":
            assert said in database_state(settings)
        else:
            with pytest.raises(BadSettings, match=said):
                database_state(settings)


def test_room(settings, monkeypatch):
    assert free_space(settings).endswith(" GB free")
    real = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real(path)._replace(free=5_000_000))
    with pytest.raises(StoreFailed, match="only 5 MB are free"):
        free_space(settings)
