"""A hub on a real SQLite database, with scripted engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
