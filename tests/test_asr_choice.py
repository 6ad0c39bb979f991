"""Which engine runs and why; downloading against a real HTTP server that breaks off, lies, refuses or is silent."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from proxy import Proxy

from asr_models.catalogue import CATALOGUE, SpeechModel, find
from asr_models.choice import Available, choose
from asr_models.fetch import fetch
from asr_models.registry import VOSK_LAYOUTS
from hotline.errors import ExternalError, ModelError

VOSK, WHISPER = Path("vosk-model-small-cn"), Path("whisper-base")


@pytest.mark.parametrize(
    "wanted, available, engine",
    [
        ("auto", Available(VOSK, WHISPER), "vosk"),
        ("auto", Available(None, WHISPER, "主机不通"), "whisper"),
        ("whisper", Available(VOSK, WHISPER), "whisper"),
        ("vosk", Available(VOSK, None), "vosk"),
        ("off", Available(VOSK, WHISPER), "off"),
    ],
)
def test_vosk_runs_whenever_it_has_a_model(wanted: str, available: Available, engine: str) -> None:
    choice = choose(wanted, None, available)
    assert choice.engine == engine
    assert choice.reason


def test_the_reason_for_whisper_says_what_became_of_vosk() -> None:
    assert "主机不通" in choose("auto", None, Available(None, WHISPER, "主机不通")).reason


@pytest.mark.parametrize("wanted, available", [("vosk", Available(None, WHISPER)), ("auto", Available())])
def test_no_model_says_what_to_do(wanted: str, available: Available) -> None:
    with pytest.raises(ModelError, match=r"asr_models import|make models"):
        choose(wanted, None, available)


def test_a_given_model_wins_but_not_against_the_engine() -> None:
    given = ("vosk", Path("given"))
    assert choose("auto", given, Available(VOSK, WHISPER)).model == Path("given")
    with pytest.raises(ModelError, match="引擎"):
        choose("whisper", given, Available(VOSK, WHISPER))


def test_the_catalogue_names_each_model_once_and_an_unknown_one_is_refused() -> None:
    names = [model.name for model in CATALOGUE]
    assert len(names) == len(set(names))
    assert find(names[0]).name == names[0]
    with pytest.raises(ModelError, match=names[0]):
        find("no-such-model")


class ModelHost(ThreadingHTTPServer):
    """Serves `content`; `cut` ends the first answer so many bytes in; `status` is answered in place of 200."""

    daemon_threads = True

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.content, self.cut, self.status = content, 0, 200
        self.asked_ranges: list[str | None] = []
        self.came_via: list[str | None] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: ModelHost

    def do_GET(self) -> None:
        wanted = self.headers["Range"]
        self.server.asked_ranges.append(wanted)
        self.server.came_via.append(self.headers["Via"])
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        body = self.server.content[start:]
        status = self.server.status if self.server.status != 200 or not wanted else 206
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.cut] if self.server.cut else body)
        self.server.cut = 0

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    path = tmp_path / "packed.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name in VOSK_LAYOUTS[0]:
            packed.writestr(f"tiny/{name}", name * 50)
    return path.read_bytes()


@pytest.fixture
def host(archive: bytes) -> Iterator[ModelHost]:
    server = ModelHost(archive)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def _row(content: bytes) -> SpeechModel:
    digest = hashlib.sha256(content).hexdigest()
    return SpeechModel(
        "tiny", "zh", "vosk", 16000, len(content), "Apache-2.0", "", "https://models.invalid/tiny.zip", digest, "test"
    )


def test_a_download_that_broke_off_is_resumed(host: ModelHost, archive: bytes, tmp_path: Path) -> None:
    host.cut = 100
    with pytest.raises(ExternalError, match="asr_models import"):
        fetch(_row(archive), tmp_path / "models", host.address)
    folder = fetch(_row(archive), tmp_path / "models", host.address)
    assert host.asked_ranges == [None, "bytes=100-"]
    assert (folder / VOSK_LAYOUTS[0][0]).is_file()
    assert not list((tmp_path / "models").glob(".*part"))


def test_a_download_goes_through_the_proxy_of_the_environment_and_is_resumed_there(
    host: ModelHost, archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy(["--hostname", "127.0.0.1", "--port", "0", "--num-workers", "1", "--threadless"]) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.flags.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        host.cut = 100
        with pytest.raises(ExternalError):
            fetch(_row(archive), tmp_path / "models", host.address)
        folder = fetch(_row(archive), tmp_path / "models", host.address)
    assert host.asked_ranges == [None, "bytes=100-"]
    assert all("proxy.py" in str(via) for via in host.came_via)
    assert (folder / VOSK_LAYOUTS[0][0]).is_file()


def test_a_proxy_that_is_away_is_an_error_not_a_way_around_it(
    host: ModelHost, archive: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(ExternalError, match="asr_models import"):
        fetch(_row(archive), tmp_path / "models", host.address)
    assert not host.asked_ranges


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.name)
def test_every_model_has_a_checksum_with_its_source(model: SpeechModel) -> None:
    assert re.fullmatch("[0-9a-f]{64}", model.sha256)
    assert model.sha256_source and model.error_rates and model.licence


def test_what_is_not_the_model_is_not_installed(host: ModelHost, archive: bytes, tmp_path: Path) -> None:
    host.content = archive[:-1] + b"x"
    with pytest.raises(ModelError):
        fetch(_row(archive), tmp_path / "models", host.address)
    host.content = archive + b"more"
    with pytest.raises(ModelError, match="字节"):
        fetch(_row(archive), tmp_path / "models", host.address)
    assert not (tmp_path / "models" / "tiny").exists()


def test_a_refusal_says_its_status(host: ModelHost, archive: bytes, tmp_path: Path) -> None:
    host.status = 404
    with pytest.raises(ExternalError, match="404"):
        fetch(_row(archive), tmp_path / "models", host.address)


def test_a_silent_host_costs_at_most_five_seconds(archive: bytes, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with pytest.raises(ExternalError):
            fetch(_row(archive), tmp_path / "models", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert time.monotonic() - begun < 5.0
