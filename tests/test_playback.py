"""A recording as one stereo WAV file, read in any pieces, and its outline."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from hotline.audio import AudioFrame
from hotline.errors import NotFoundError
from hotline.playback import CallAudio
from hotline.stores.recordings import WavRecordingStore

RATE_HZ = 8000


def record(folder: Path, levels: dict[str, int], seconds: float = 1.0) -> dict[str, str]:
    store = WavRecordingStore(folder)
    recording = store.open("c1", list(levels), RATE_HZ)
    for index in range(int(seconds / 0.02)):
        for channel, level in levels.items():
            pcm = np.full(160, level, dtype="<i2").tobytes()
            recording.write(AudioFrame(pcm, RATE_HZ, channel, index * 0.02))
    recording.close()
    return store.paths("c1")


def test_both_sides_become_the_channels_of_one_file(tmp_path: Path) -> None:
    audio = CallAudio(record(tmp_path, {"caller": -2000, "operator": 1000}))
    with wave.open(io.BytesIO(audio.read())) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, RATE_HZ, RATE_HZ)
        samples = np.frombuffer(file.readframes(RATE_HZ), dtype="<i2").reshape(-1, 2)
    assert (samples[:, 0] == 1000).all() and (samples[:, 1] == -2000).all()


def test_any_piece_is_the_same_as_in_the_whole(tmp_path: Path) -> None:
    audio = CallAudio(record(tmp_path, {"caller": 7, "operator": 1000}))
    whole = audio.read()
    for start, length in ((0, 10), (40, 9), (43, 3), (45, 7), (4001, 333), (audio.size - 3, 50), (audio.size, 4)):
        audio.seek(start)
        assert audio.read(length) == whole[start : start + length]


def test_a_single_side_is_played_alone_and_none_is_said(tmp_path: Path) -> None:
    audio = CallAudio(record(tmp_path, {"caller": 16384}))
    assert audio.channels == ["caller"]
    assert audio.outline(4) == [[0.5] * 4]
    assert audio.duration_s == pytest.approx(1.0)
    with pytest.raises(NotFoundError):
        CallAudio({})


def test_a_recording_that_is_still_written_can_be_heard(tmp_path: Path) -> None:
    store = WavRecordingStore(tmp_path)
    recording = store.open("c1", ["caller"], RATE_HZ)
    recording.write(AudioFrame(b"\1\0" * 160, RATE_HZ, "caller", 0.0))
    assert CallAudio(store.paths("c1")).frames == 160
    recording.close()
