"""A private Redis server for tests, from Debian's binary, that stores nothing."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time

PATIENCE_S = 30.0
DATABASES = 1000


class RedisServer:
    """Runs until `close`. Raises: OSError when it does not start."""

    def __init__(self, binary: str) -> None:
        self._folder = tempfile.mkdtemp(prefix="redis")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = (
            "--bind",
            "127.0.0.1",
            "--port",
            str(port),
            "--save",
            "",
            "--databases",
            str(DATABASES),
            "--dir",
            self._folder,
        )
        self._process = subprocess.Popen([binary, *options], stdout=subprocess.DEVNULL)
        self._databases = 0
        self._address = f"redis://127.0.0.1:{port}"
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def database(self) -> str:
        """Return the address of an empty database."""
        self._databases += 1
        return f"{self._address}/{self._databases % DATABASES}"

    def close(self) -> None:
        """Stop the server and remove its folder."""
        self._process.kill()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
