"""A private PostgreSQL server for tests, from Debian's binaries, in a temporary folder."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


def find_binaries() -> Path | None:
    """Return the folder of the newest installed server, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


class PostgreSql:
    """Runs until `close`; each test gets a database of its own."""

    def __init__(self, binaries: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pg"))
        self._user = "postgres" if os.geteuid() == 0 else ""
        if self._user:
            shutil.chown(self._folder, self._user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        data = self._folder / "data"
        self._run(str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync")
        options = f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._control = (str(binaries / "pg_ctl"), "-D", str(data), "-w", "-o", options, "-l", str(data / "log"))
        self._run(*self._control, "start")

    @contextmanager
    def database(self) -> Iterator[str]:
        """Make an empty database and return its address."""
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        yield self._address(name)

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self._run(*self._control, "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _address(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self._port}/{name}"

    def _run(self, *command: str) -> None:
        prefix = ("runuser", "-u", self._user, "--") if self._user else ()
        subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")
