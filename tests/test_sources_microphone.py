"""Capture: the queue alone, and both backends on a real sound server (a private PulseAudio with a null sink)."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hotline.audio import AudioFrame, AudioGap
from hotline.errors import ConfigError, DeviceError
from hotline.sources.capture import CaptureQueue
from hotline.sources.microphone import MicrophoneSource
from tests.synth import write_wav

PATIENCE_S = 30.0


def block(value: int, channels: int = 1) -> bytes:
    return np.full(320 * channels, value, np.int16).tobytes()


def test_blocks_come_out_as_frames_in_order_and_end() -> None:
    queue = CaptureQueue(("operator", "caller"), 16000)
    queue.push(np.tile(np.array([1, 2], np.int16), 320).tobytes())
    queue.end()
    left, right = list(queue.items())
    assert isinstance(left, AudioFrame)
    assert isinstance(right, AudioFrame)
    assert (left.channel, right.channel) == ("operator", "caller")
    assert set(np.frombuffer(left.pcm, np.int16)) == {1}
    assert set(np.frombuffer(right.pcm, np.int16)) == {2}


def test_a_full_queue_drops_the_oldest_and_reports_the_gap() -> None:
    queue = CaptureQueue(("caller",), 16000, capacity_s=0.1)
    for value in range(8):
        queue.push(block(value))
    queue.end()
    gap, *rest = queue.items()
    assert gap == AudioGap("caller", 0.0, 0.06)
    assert [np.frombuffer(f.pcm, np.int16)[0] for f in rest if isinstance(f, AudioFrame)] == [3, 4, 5, 6, 7]
    assert rest[0].start_s == pytest.approx(0.06)


def test_blocks_that_the_device_lost_are_a_gap() -> None:
    queue = CaptureQueue(("caller",), 16000)
    queue.push(block(1))
    queue.push(block(2), missed_blocks=5)
    queue.end()
    _, gap, frame = queue.items()
    assert gap == AudioGap("caller", 0.02, pytest.approx(0.12))
    assert frame.start_s == pytest.approx(0.12)


def test_a_failure_comes_after_the_last_block() -> None:
    queue = CaptureQueue(("caller",), 16000)
    queue.push(block(1))
    queue.end(DeviceError("gone"))
    items = queue.items()
    assert next(items)
    with pytest.raises(DeviceError):
        next(items)


def test_unknown_backend() -> None:
    with pytest.raises(ConfigError):
        MicrophoneSource(backend="telepathy")


@contextlib.contextmanager
def sound_server(folder: Path) -> Iterator[dict[str, str]]:
    """Run a PulseAudio of our own with one null sink; yield the environment that leads to it."""
    folder.chmod(0o700)
    socket = folder / "socket"
    modules = [f"module-native-protocol-unix socket={socket} auth-anonymous=1", "module-null-sink sink_name=virtual"]
    command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes"]
    environment = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, *(f"--load={module}" for module in modules)], env=environment, stdout=log, stderr=log
        )
        client = {"PULSE_SERVER": f"unix:{socket}", "PULSE_SINK": "virtual", "PULSE_SOURCE": "virtual.monitor"}
        try:
            deadline = time.monotonic() + PATIENCE_S
            while subprocess.run(["pactl", "info"], env={**environment, **client}, capture_output=True).returncode:
                assert time.monotonic() < deadline, "PulseAudio did not start: " + (folder / "log").read_text()
                time.sleep(0.1)
            yield {**environment, **client}
        finally:
            server.kill()
            server.wait()


LISTEN = """
import sys
from hotline.sources.microphone import MicrophoneSource
from hotline.audio import AudioFrame
backend, channels, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
source = MicrophoneSource(backend=backend, device="pulse", channels=channels)
heard, gaps, announced = {name: [] for name in source.channels}, 0, False
for item in source.frames():
    if not isinstance(item, AudioFrame):
        gaps += 1
        continue
    heard[item.channel].append(item.pcm)
    if not announced:
        announced = True
        print("listening", flush=True)
    if item.end_s >= 4 and item.channel == source.channels[-1]:
        source.close()
        source.close()
        break
for name, blocks in heard.items():
    open(f"{out}/{name}.raw", "wb").write(b"".join(blocks))
print("gaps", gaps)
"""


@pytest.mark.audio_device
@pytest.mark.skipif(
    not (shutil.which("pulseaudio") and shutil.which("pactl") and shutil.which("paplay")),
    reason="PulseAudio is not installed",
)
@pytest.mark.parametrize(("backend", "channels"), [("sounddevice", 1), ("sounddevice", 2), ("pyaudio", 1)])
def test_what_is_played_into_the_null_sink_is_heard(tmp_path: Path, backend: str, channels: int) -> None:
    if backend == "pyaudio" and importlib.util.find_spec("pyaudio") is None:
        pytest.skip("PyAudio is not installed (it is built from source)")
    tones = {"operator": 440, "caller": 1000}
    seconds = np.arange(4 * 16000) / 16000
    waves = [(np.sin(2 * np.pi * hz * seconds) * 8000).astype(np.int16) for hz in tones.values()]
    path = write_wav(tmp_path / "tones.wav", waves, 16000)
    pulse = tmp_path / "pulse"
    pulse.mkdir()
    with sound_server(pulse) as environment:
        listener = subprocess.Popen(
            [sys.executable, "-c", LISTEN, backend, str(channels), str(tmp_path)],
            env=environment, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert listener.stdout
        assert listener.stdout.readline() == "listening\n"
        subprocess.run(["paplay", str(path)], env=environment, check=True)
        listener.communicate(timeout=PATIENCE_S)
        assert listener.returncode == 0
    wanted = tones if channels == 2 else {"caller": None}
    for channel, hz in wanted.items():
        heard = np.frombuffer((tmp_path / f"{channel}.raw").read_bytes(), np.int16).astype(np.float32)
        assert len(heard) >= 4 * 16000
        spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
        assert spectrum.max() > 1e6, "silence was heard"
        peak_hz = float(np.argmax(spectrum)) * 16000 / len(heard)
        assert any(abs(peak_hz - tone) < 5 for tone in ([hz] if hz else tones.values()))


@pytest.mark.parametrize("backend", ["sounddevice", "pyaudio"])
def test_no_device_is_a_clear_error(tmp_path: Path, backend: str) -> None:
    code = (
        "import sys\nfrom hotline.errors import DeviceError\nfrom hotline.sources.microphone import MicrophoneSource\n"
        "try:\n    list(MicrophoneSource(backend=sys.argv[1], device='no such device').frames())\n"
        "except DeviceError as error:\n    print('DeviceError', bool(error.expected and error.found and error.remedy))"
    )
    environment = {**os.environ, "PULSE_SERVER": f"unix:{tmp_path}/none"}
    result = subprocess.run(
        [sys.executable, "-c", code, backend], env=environment, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert result.stdout.strip() == "DeviceError True", result.stderr
