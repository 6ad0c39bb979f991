"""Connections: SQLite in WAL mode with full synchronisation, or PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from hotline.errors import ConfigError

BUSY_TIMEOUT_MS = 10_000
READ_ONLY = "hotline_read_only"


def make_engine(url: str) -> Engine:
    """Return an engine for a database address. Raises: ConfigError for a kind that is not supported."""
    if url.startswith("sqlite:"):
        return _sqlite(url)
    if url.startswith(("postgresql:", "postgresql+psycopg:")):
        return create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1), pool_size=10, pool_pre_ping=True)
    raise ConfigError(
        "不支持的数据库",
        expected="sqlite:///… 或 postgresql://…",
        found=url.split(":", 1)[0],
        remedy="改正 HOTLINE_DATABASE_URL",
    )


def _sqlite(url: str) -> Engine:
    engine = create_engine(url, pool_size=20, max_overflow=60)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        """Take the write lock at once, so that two writers wait for one another and never deadlock."""
        read_only = connection.get_execution_options().get(READ_ONLY, False)
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine
