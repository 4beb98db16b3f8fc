"""A PgBouncer of our own in front of the tests' PostgreSQL."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from tests.fakes.postgres import Server
from tests.ports import free_port

_WITHIN_S = 30.0


@contextmanager
def pgbouncer(server: Server, *, pool_mode: str, pool_size: int = 2) -> Iterator[int]:
    """A pooler before the server; its port.

    Args:
        server: A running PostgreSQL.
        pool_mode: transaction or session.
        pool_size: How many connections all clients share: few, so that they get each other's.
    """
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("PgBouncer is not installed (Debian: apt-get install pgbouncer)")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="skydeck-pgb-") as folder:
        users, config = Path(folder, "users.txt"), Path(folder, "pgbouncer.ini")
        users.write_text('"postgres" ""\n')
        config.write_text(
            "[databases]\n"
            f"* = host=127.0.0.1 port={server.port}\n"
            "[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {users}\n"
            f"pool_mode = {pool_mode}\ndefault_pool_size = {pool_size}\n"
            f"server_round_robin = 1\nmax_client_conn = 200\n"
        )
        account: dict[str, object] = {}
        if os.getuid() == 0:  # PgBouncer refuses to run as root
            account = {"user": "postgres", "group": "postgres", "extra_groups": []}
            for path in (folder, users, config):
                shutil.chown(path, "postgres", "postgres")
        process = subprocess.Popen(
            [program, "-q", str(config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            **account,
        )
        try:
            asyncio.run(_until_up(port))
            yield port
        finally:
            process.kill()
            process.wait()


async def _until_up(port: int) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while True:
        try:
            connection = await asyncpg.connect(
                f"postgresql://postgres@127.0.0.1:{port}/postgres", statement_cache_size=0
            )
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            await connection.close()
            return
