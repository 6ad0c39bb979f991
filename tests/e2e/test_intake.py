"""A browser's microphone and recordings handed in, in a real Chromium against the real product."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import av
import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from websockets.sync.client import connect

from hotline.demo import DEMO_PASSWORD
from hotline.sample import SAMPLE_CALL
from tests.e2e.conftest import CHROMIUM, FLAGS, Product, free_port, log_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TONE_HZ = 440
RATE_HZ = 16000


class Cable:
    """A TCP relay in front of the product that can be cut."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.whole = True
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self.whole = False
        for pair in self._pairs:
            for end in pair:
                end.close()
        self._pairs.clear()

    def mend(self) -> None:
        self.whole = True

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self.whole:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._target))
            self._pairs.append((near, far))
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                end.close()


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the fake microphone hears: a tone."""
    path = tmp_path_factory.mktemp("tone") / "tone.wav"
    times = np.arange(RATE_HZ * 5) / RATE_HZ
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE_HZ)
        out.writeframes((0.3 * 32767 * np.sin(2 * np.pi * TONE_HZ * times)).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="module")
def listener(tone: Path) -> Iterator[Browser]:
    """A Chromium whose microphone is a file; pages must be given the permission."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    fake = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={tone}"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *fake])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    running = Product(tmp_path_factory.mktemp("data"), HOTLINE_ASR_ENGINE="off", HOTLINE_DEMO_CALL="0")
    yield running
    running.stop()


def open_browser_call(browser: Browser, product: Product, *, permitted: bool = True) -> Page:
    page = log_in(browser, product)
    if permitted:
        page.context.grant_permissions(["microphone"])
    page.click("[data-testid=start-browser]")
    page.wait_for_selector("[data-testid=softphone]")
    return page


def recording(product: Product, page: Page, channel: str) -> np.ndarray:
    call_id = page.url.rsplit("/", 1)[1]
    folder = Path(product.environment["HOTLINE_DATA_DIR"]) / "recordings" / call_id
    with wave.open(str(folder / f"{channel}.wav")) as file:
        assert file.getframerate() == RATE_HZ
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)


def share_of_tone(samples: np.ndarray) -> float:
    """Return the share of the energy that is within 20 Hz of the tone."""
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    places = np.fft.rfftfreq(samples.size, 1 / RATE_HZ)
    return float(spectrum[np.abs(places - TONE_HZ) < 20].sum() / spectrum.sum())


def gaps(product: Product, page: Page) -> list[float]:
    call_id = page.url.rsplit("/", 1)[1]
    query = "SELECT data FROM call_events WHERE type = 'audio_gap' AND call_id = ?"
    with sqlite3.connect(Path(product.environment["HOTLINE_DATA_DIR"]) / "hotline.db") as database:
        rows = [json.loads(row[0]) for row in database.execute(query, (call_id,))]
    return [row["end_s"] - row["start_s"] for row in rows]


def test_what_the_microphone_hears_is_recorded_and_its_level_shown(listener: Browser, product: Product) -> None:
    page = open_browser_call(listener, product)
    mic = page.locator("[data-testid=mic-operator]")
    mic.locator("summary").click()
    for box in mic.locator("input[type=checkbox]").all():
        box.uncheck()  # noise suppression takes a steady tone away
    mic.locator("summary").click()
    page.click("[data-testid=mic-start-operator]")
    expect(mic).to_have_attribute("data-line", "open")
    page.wait_for_timeout(3000)
    assert float(page.get_attribute("[data-testid=level-operator]", "value") or 0) > 0.05
    page.click("[data-testid=mic-mute-operator]")
    expect(mic.locator("[role=status]")).to_contain_text("静音")
    page.wait_for_timeout(1000)
    page.click("[data-testid=mic-stop-operator]")
    expect(page.locator(".call-page")).to_have_attribute("data-state", "ended")
    heard = recording(product, page, "operator")
    begin = int(np.argmax(np.abs(heard) > 1000))
    assert heard.size - begin > 3.5 * RATE_HZ
    loud = heard[begin + RATE_HZ // 2 : begin + 2 * RATE_HZ]
    assert np.abs(loud).mean() > 1000 and share_of_tone(loud) > 0.9
    assert np.abs(heard[-RATE_HZ // 4 :]).max() == 0, "muted"
    assert gaps(product, page) == []
    page.context.close()


def test_a_cut_line_loses_nothing_when_it_is_mended_soon_and_shows_a_gap_when_not(
    listener: Browser, product: Product
) -> None:
    cable = Cable(product.port)
    through = Product.__new__(Product)
    through.__dict__ |= {**product.__dict__, "address": f"http://127.0.0.1:{cable.port}"}
    page = open_browser_call(listener, through)
    page.click("[data-testid=mic-start-caller]")
    mic = page.locator("[data-testid=mic-caller]")
    expect(mic).to_have_attribute("data-line", "open")
    page.wait_for_timeout(1500)
    cable.cut()
    expect(mic).to_have_attribute("data-line", "broken")
    expect(mic.locator("[role=status]")).to_contain_text("重连")
    page.wait_for_timeout(3000)
    cable.mend()
    expect(mic).to_have_attribute("data-line", "open")
    page.wait_for_timeout(2000)
    assert gaps(product, page) == []
    cable.cut()
    page.wait_for_timeout(14_000)
    cable.mend()
    expect(mic).to_have_attribute("data-line", "open", timeout=10_000)
    expect(page.locator(".line.gap, .gap").first).to_be_visible(timeout=15_000)
    (lost,) = gaps(product, page)
    assert 2.0 < lost < 10.0
    page.click("[data-testid=mic-stop-caller]")
    expect(page.locator(".call-page")).to_have_attribute("data-state", "ended")
    heard = recording(product, page, "caller")
    assert heard.size / RATE_HZ > 18, "silence stands where audio is missing"
    cable.close()
    page.context.close()


def test_a_refused_and_a_withdrawn_permission_are_said_clearly(listener: Browser, product: Product) -> None:
    page = open_browser_call(listener, product, permitted=False)
    page.click("[data-testid=mic-start-operator]")
    status = page.locator("[data-testid=mic-operator] [role=status]")
    expect(status).to_contain_text("没有麦克风权限")
    page.context.grant_permissions(["microphone"])
    page.click("[data-testid=mic-start-operator]")
    expect(page.locator("[data-testid=mic-operator]")).to_have_attribute("data-line", "open")
    page.wait_for_timeout(1000)
    page.context.clear_permissions()
    expect(status).to_contain_text("麦克风断开了")
    page.wait_for_timeout(2000)
    page.context.grant_permissions(["microphone"])
    page.click("[data-testid=mic-start-operator]")
    expect(page.locator("[data-testid=mic-operator]")).to_have_attribute("data-phase", "on")
    expect(page.locator(".line.gap, .gap").first).to_be_visible(timeout=15_000)
    assert len(gaps(product, page)) == 1
    page.context.close()


DROP = """
async ([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], name));
  dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
}
"""


def excerpt(path: Path, seconds: float) -> bytes:
    """The sample call's first words, two channels."""
    with av.open(str(SAMPLE_CALL)) as container:
        pcm = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in container.decode(audio=0)])
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(pcm[: int(seconds * 8000)].astype("<i2").tobytes())
    return path.read_bytes()


@pytest.mark.speech
def test_recordings_dropped_and_chosen_become_calls_whose_sides_can_be_swapped(
    listener: Browser, whisper_data: Path, tmp_path: Path
) -> None:
    product = Product(whisper_data, HOTLINE_DEMO_CALL="0")
    try:
        page = log_in(listener, product)
        page.goto(f"{product.address}/uploads")
        page.wait_for_selector("[data-testid=drop-zone]")
        content = base64.b64encode(excerpt(tmp_path / "call.wav", 14)).decode()
        page.evaluate(DROP, ["call.wav", content])
        (tmp_path / "minutes.docx").write_bytes(b"PK\x03\x04 not a recording" * 40)
        page.set_input_files("[data-testid=upload-files]", [tmp_path / "minutes.docx"])
        failed = page.locator("tr[data-state=failed]")
        expect(failed).to_contain_text("无法读取", timeout=120_000)
        done = page.locator("tr[data-state=done]")
        expect(done).to_contain_text("双声道", timeout=120_000)
        done.locator("a").click()
        page.wait_for_selector(".columns")
        first = page.locator(".line").first
        expect(first).to_have_class(re.compile(r"\boperator\b"))
        said = first.inner_text().split("\n")[-1]
        page.click("[data-testid=swap]")
        expect(page.locator(".line").first).to_have_class(re.compile(r"\bcaller\b"))
        assert page.locator(".line").first.inner_text().split("\n")[-1] == said
        page.reload()
        page.wait_for_selector(".columns")
        expect(page.locator(".line").first).to_have_class(re.compile(r"\bcaller\b"))
        page.context.close()
    finally:
        product.stop()


def test_the_console_and_its_microphone_over_tls(tmp_path: Path) -> None:
    """gunicorn's TLS with a certificate from the settings; wss by a client that we did not write."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    port = free_port()
    settings = {
        "HOTLINE_DATA_DIR": str(tmp_path / "data"), "HOTLINE_PORT": str(port), "HOTLINE_ASR_ENGINE": "off",
        "HOTLINE_TLS_CERT": str(certificate), "HOTLINE_TLS_KEY": str(key), "HOTLINE_DEMO": "1",
    }  # fmt: skip
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "hotline", "serve"], env={**os.environ, **settings}, stdout=log, stderr=log
        )
    trust = ssl.create_default_context(cafile=str(certificate))
    try:
        with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trust, trust_env=False) as client:
            deadline = time.monotonic() + 120
            while True:
                try:
                    page = client.get("/login")
                    break
                except httpx.TransportError:
                    assert time.monotonic() < deadline
                    time.sleep(0.3)
            form = {"username": "operator", "password": DEMO_PASSWORD, "csrf_token": token(page.text)}
            client.headers["Referer"] = f"https://127.0.0.1:{port}/login"
            cookie = client.post("/login", data=form).headers["Set-Cookie"]
            assert "Secure" in cookie and "Strict-Transport-Security" in client.get("/calls").headers
            csrf = re.search(r'"csrf_token": ?"([^"]+)"', client.get("/calls").text)
            assert csrf
            headers = {"X-CSRFToken": csrf[1]}
            call_id = client.post("/api/v1/calls", json={"source": "browser"}, headers=headers).json()["call"]["id"]
            cookies = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        address = f"wss://127.0.0.1:{port}/api/v1/calls/{call_id}/microphone"
        origin, sent = f"https://127.0.0.1:{port}", {"Cookie": cookies}
        with connect(address, ssl=trust, origin=origin, additional_headers=sent, proxy=None) as line:
            start = {"csrf_token": csrf[1], "channel": "caller", "rate_hz": RATE_HZ, "session": "tls-test"}
            line.send(json.dumps({"type": "start", **start}))
            assert json.loads(line.recv(10))["type"] == "ready"
            for index in range(100):
                line.send(index.to_bytes(4, "little") + b"\x10\0" * 320)
                time.sleep(0.01)
            while (heard := json.loads(line.recv(10)))["next"] < 100:
                pass
            assert heard["type"] == "heard"
    finally:
        process.terminate()
        process.wait(40)


def token(page: str) -> str:
    """The CSRF token of a form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found[1]
