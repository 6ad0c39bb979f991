"""Recordings: a second in the file is a second in the call, also after kill -9 and on a full disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from hotline.audio import AudioFrame
from hotline.stores.recordings import WavRecordingStore

RATE_HZ = 8000
WRITE_FOR_EVER = """
import sys, time
from pathlib import Path
from hotline.audio import AudioFrame
from hotline.stores.recordings import WavRecordingStore
recording = WavRecordingStore(Path(sys.argv[1])).open("c1", ["caller"], 8000)
for index in range(100000):
    recording.write(AudioFrame(b"\\x01\\x00" * 160, 8000, "caller", index * 0.02))
    print(index, flush=True)
    time.sleep(0.002)
"""


def _frame(start_s: float, value: int = 1) -> AudioFrame:
    return AudioFrame(np.full(160, value, "<i2").tobytes(), RATE_HZ, "caller", start_s)


def _samples(path: Path) -> np.ndarray:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def test_a_gap_becomes_silence(tmp_path: Path) -> None:
    recording = WavRecordingStore(tmp_path).open("c1", ["operator", "caller"], RATE_HZ)
    for start_s in (0.0, 0.02, 1.0):
        recording.write(_frame(start_s))
    recording.close()
    samples = _samples(tmp_path / "c1" / "caller.wav")
    assert len(samples) == 1.02 * RATE_HZ
    assert samples[:320].all() and samples[8000:].all() and not samples[320:8000].any()
    assert len(_samples(tmp_path / "c1" / "operator.wav")) == 0


def test_small_jitter_adds_nothing(tmp_path: Path) -> None:
    recording = WavRecordingStore(tmp_path).open("c1", ["caller"], RATE_HZ)
    for start_s in (0.0, 0.03, 0.055, 0.06):
        recording.write(_frame(start_s))
    recording.close()
    assert len(_samples(tmp_path / "c1" / "caller.wav")) == 640


def test_a_killed_process_leaves_all_it_wrote(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    for _ in range(200):
        written = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    store = WavRecordingStore(tmp_path)
    assert store.repair("c1") == ["caller"]
    assert store.repair("c1") == []
    samples = _samples(Path(store.paths("c1")["caller"]))
    assert len(samples) >= (written + 1) * 160
    assert (samples == 1).all()


def test_a_file_killed_in_its_header_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "c1").mkdir()
    (tmp_path / "c1" / "caller.wav").write_bytes(b"RIFF")
    assert WavRecordingStore(tmp_path).repair("c1") == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_ends_the_recording_and_not_the_call(tmp_path: Path) -> None:
    recording = WavRecordingStore(tmp_path).open("c1", ["caller"], RATE_HZ)
    file = recording._files["caller"]._file
    assert file is not None
    os.dup2(os.open("/dev/full", os.O_WRONLY), file.fileno())
    recording.write(_frame(0.0))
    assert recording.failed
    recording.write(_frame(0.02))
    recording.close()


def test_a_folder_that_cannot_be_made_is_a_failed_recording(tmp_path: Path) -> None:
    (tmp_path / "c1").write_text("in the way")
    recording = WavRecordingStore(tmp_path).open("c1", ["caller"], RATE_HZ)
    assert recording.failed
    recording.write(_frame(0.0))
    recording.close()
