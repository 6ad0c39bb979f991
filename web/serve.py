"""Starts the console under gunicorn: one worker process, many threads, so that live calls share one process."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from hotline.bootstrap import build
from hotline.config import Config
from hotline.demo import DEMO_PREFIX, DEMO_USERS
from hotline.errors import HotlineError
from hotline.hub import Hub
from hotline.web_worker import ConsoleWorker
from web import create_app

log = logging.getLogger(__name__)

WORKER_START_S = 180
GRACEFUL_STOP_S = 3
"""Live streams never end by themselves; the browser connects again."""


class Console(BaseApplication):  # type: ignore[misc]
    """The console as gunicorn runs it: the hub is built in the worker, after the fork."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._hub: Hub | None = None
        super().__init__()

    def load_config(self) -> None:
        """Fill in gunicorn's settings from ours."""
        settings: dict[str, Any] = {
            "bind": f"{self._config['host']}:{self._config.integer('port')}",
            "workers": 1,
            "worker_class": ConsoleWorker,
            "threads": self._config.integer("web_threads"),
            "timeout": WORKER_START_S,
            "graceful_timeout": GRACEFUL_STOP_S,
            "keepalive": 30,
            "loglevel": self._config["log_level"].lower(),
            "post_worker_init": self._play_demo_call,
            "worker_exit": self._close_hub,
            "control_socket_disable": True,
        }
        if self._config["tls_cert"]:
            settings |= {"certfile": self._config["tls_cert"], "keyfile": self._config["tls_key"] or None}
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Build the worker's application."""
        self._hub = build(self._config)
        return create_app(self._hub)

    def _play_demo_call(self, worker: Any) -> None:
        """Play the sample call once, not again when a worker is replaced."""
        if self._hub is None or self._config["demo_call"] != "1" or worker.age != 1:
            return
        try:
            self._hub.live.start_sample(DEMO_PREFIX + DEMO_USERS[0][0])
        except HotlineError as error:
            log.error("sample call not started", extra={"error": type(error).__name__})

    def _close_hub(self, _server: Any, _worker: Any) -> None:
        if self._hub is not None:
            self._hub.close()


def serve(config: Config) -> None:
    """Serve until stopped."""
    Console(config).run()
