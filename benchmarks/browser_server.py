"""The server of `benchmarks.telephony_load browser`: the console under gunicorn, with a recogniser that does nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from flask import Flask

import hotline.vad
from benchmarks.telephony_server import NoVoiceActivity, TimedRecordings, build_hub, external_id, save
from hotline import commands, handlers
from hotline.config import Config
from hotline.hub import Hub
from web import create_app
from web.serve import Console


class Measured(Console):
    """The console, with calls that wait for their microphones; says where it is and writes what was recorded."""

    def __init__(self, folder: Path, out: str, streams: int) -> None:
        self._folder, self._out, self._streams = folder, out, streams
        self._recordings: TimedRecordings | None = None
        self._measured: Hub | None = None
        self._calls: list[str] = []
        super().__init__(Config({"HOTLINE_PORT": "48096", "HOTLINE_WEB_THREADS": str(2 * streams + 20)}))

    def load(self) -> Flask:
        """Build the worker's application and the calls."""
        threads = str(2 * self._streams + 20)
        hub, self._recordings = build_hub(
            self._folder, self._streams, HOTLINE_DEMO="1", HOTLINE_WEB_THREADS=threads, HOTLINE_STREAM_LINGER_S="1"
        )
        for n in range(0, self._streams, 2):
            call = handlers.start_call(hub, commands.StartCall("browser", external_id=external_id(n)))
            hub.switchboard.expect(call)
            self._calls.append(call.id)
        self._measured = hub
        return create_app(hub)

    def _play_demo_call(self, worker: Any) -> None:
        print(json.dumps({"console": 48096, "calls": self._calls}), flush=True)

    def _close_hub(self, _server: Any, _worker: Any) -> None:
        if self._measured and self._recordings:
            self._measured.close()
            save(self._folder, self._recordings, self._out, self._streams)


def main() -> None:
    """Serve until told to stop."""
    folder, out, _, streams, voice_activity = sys.argv[1:]
    if voice_activity == "off":
        hotline.vad.SileroDetector = NoVoiceActivity  # type: ignore[assignment,misc]
    Measured(Path(folder), out, int(streams)).run()


if __name__ == "__main__":
    main()
