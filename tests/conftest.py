"""A hub on a real SQLite database, with scripted engines."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hotline.bootstrap import utc_now
from hotline.buses.local import LocalBus
from hotline.config import Config
from hotline.decider import Decider
from hotline.hub import Hub
from hotline.live import LiveCalls
from hotline.predicting import predict_call
from hotline.scripts import ScriptLibrary
from hotline.stores import SqlStore, migrate
from hotline.stores.recordings import WavRecordingStore
from hotline.switchboard import LiveSwitchboard
from tests.fakes import KeywordClassifier, ScriptedRecognizer
from tests.postgresql import PostgreSql, find_binaries
from tests.redis_server import RedisServer

MakeHub = Callable[..., Hub]


@pytest.fixture
def make_hub(tmp_path: Path) -> Iterator[MakeHub]:
    """Return a function that wires a hub; its arguments replace parts."""
    hubs: list[Hub] = []

    def make(settings: dict[str, str] | None = None, **parts: Any) -> Hub:
        config = Config({"HOTLINE_DATA_DIR": str(tmp_path), **(settings or {})})
        migrate(config.database_url)
        bus = LocalBus()
        recognizer = parts.pop("recognizer", ScriptedRecognizer())
        hub = Hub(
            config=config,
            clock=utc_now,
            store=SqlStore(config.database_url, bus, utc_now),
            bus=bus,
            recordings=WavRecordingStore(tmp_path / "recordings"),
            scripts=ScriptLibrary.load(),
            recognizer=recognizer,
            recognizer_info=getattr(recognizer, "info", None),
            classifier=parts.pop("classifier", KeywordClassifier()),
        )
        for name, part in parts.items():
            setattr(hub, name, part)
        hub.decider = Decider(lambda call_id: predict_call(hub, call_id))
        hub.live = LiveCalls(hub)
        hub.switchboard = LiveSwitchboard(hub)
        hubs.append(hub)
        return hub

    yield make
    for hub in hubs:
        hub.close()


@pytest.fixture
def hub(make_hub: MakeHub) -> Hub:
    """A hub whose recogniser hears nothing."""
    return make_hub()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    """A private PostgreSQL server."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    server = PostgreSql(binaries)
    yield server
    server.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    server: PostgreSql = request.getfixturevalue("postgresql")
    with server.database() as address:
        yield address


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A private Redis server."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("Redis is not installed")
    server = RedisServer(binary)
    yield server
    server.close()


@dataclass(frozen=True)
class Services:
    """Where the store and the queue of jobs live."""

    database_url: str
    jobs_url: str
    """Empty for a file in the data folder."""

    def settings(self) -> dict[str, str]:
        """Return the settings that name them."""
        return {"HOTLINE_DATABASE_URL": self.database_url, "HOTLINE_JOBS_URL": self.jobs_url}


@pytest.fixture(params=["files", pytest.param("servers", marks=pytest.mark.postgres)])
def services(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Services]:
    """SQLite and a file of jobs; PostgreSQL and Redis."""
    if request.param == "files":
        yield Services(f"sqlite:///{tmp_path / 'hotline.db'}", "")
        return
    server: PostgreSql = request.getfixturevalue("postgresql")
    redis: RedisServer = request.getfixturevalue("redis_server")
    with server.database() as address:
        yield Services(address, redis.database())
