"""Brings the tables up to date; safe when several processes start together."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import text

from hotline.stores.engine import make_engine

POSTGRESQL_LOCK = 96111


def migrate(url: str) -> None:
    """Run all migrations that are missing. Raises: ConfigError for an unknown kind of database."""
    engine = make_engine(url)
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        with _alone(url), engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": POSTGRESQL_LOCK})
                connection.commit()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
    finally:
        engine.dispose()


@contextmanager
def _alone(url: str) -> Iterator[None]:
    """Hold a lock file beside a SQLite database; PostgreSQL has locks of its own."""
    if not url.startswith("sqlite:///"):
        yield
        return
    path = Path(url.removeprefix("sqlite:///") + ".migrating")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
