"""Audio files as calls, good and bad."""

from __future__ import annotations

import shutil
import struct
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from hotline.audio import AudioFrame, AudioGap
from hotline.errors import AudioError
from hotline.sources.file import FileSource
from tests.synth import Samples, noise, silence, write_wav

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


def read(source: FileSource) -> list[AudioFrame]:
    found = list(source.frames())
    assert not any(isinstance(frame, AudioGap) for frame in found)
    return [frame for frame in found if isinstance(frame, AudioFrame)]


def samples_of(found: list[AudioFrame], channel: str) -> Samples:
    return np.frombuffer(b"".join(frame.pcm for frame in found if frame.channel == channel), "<i2")


def test_mono_is_the_caller_bit_for_bit(tmp_path: Path) -> None:
    wanted = noise(1.0)
    source = FileSource(write_wav(tmp_path / "a.wav", [wanted]))
    found = read(source)
    assert (source.channels, source.rate_hz, len(found)) == (("caller",), 8000, 50)
    np.testing.assert_array_equal(samples_of(found, "caller"), wanted)
    assert [frame.start_s for frame in found[:3]] == [0.0, 0.02, 0.04]


def test_left_is_the_operator_and_right_the_caller(tmp_path: Path) -> None:
    left, right = noise(0.5, seed=1), noise(0.5, seed=2)
    found = read(FileSource(write_wav(tmp_path / "a.wav", [left, right])))
    np.testing.assert_array_equal(samples_of(found, "operator"), left)
    np.testing.assert_array_equal(samples_of(found, "caller"), right)
    assert [frame.channel for frame in found[:4]] == ["operator", "caller"] * 2


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "codec", "rate_hz"),
    [
        ("a.wav", ["-c:a", "pcm_mulaw", "-ar", "8000"], 8000),
        ("a.opus", ["-c:a", "libopus"], 16000),
        ("a.mp3", ["-ar", "44100"], 16000),
        ("a.flac", ["-ar", "11025"], 16000),
    ],
)
def test_telephone_and_music_formats(tmp_path: Path, name: str, codec: list[str], rate_hz: int) -> None:
    write_wav(tmp_path / "in.wav", [noise(2, 16000), silence(2, 16000)], 16000)
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(tmp_path / "in.wav"), *codec, str(tmp_path / name)]
    subprocess.run(command, check=True)
    source = FileSource(tmp_path / name)
    found = read(source)
    assert source.rate_hz == rate_hz
    assert found[-1].end_s == pytest.approx(2.0, abs=0.1)
    assert all(frame.sample_count == rate_hz // 50 for frame in found)
    loud, quiet = samples_of(found, "operator"), samples_of(found, "caller")
    assert float(np.abs(loud).mean()) > 20 * float(np.abs(quiet).mean() + 1)


def test_the_last_short_frame_is_padded(tmp_path: Path) -> None:
    found = read(FileSource(write_wav(tmp_path / "a.wav", [noise(0.05)])))
    assert [frame.sample_count for frame in found] == [160, 160, 160]


def wav_bytes(channels: int, claimed_bytes: int, data: bytes) -> bytes:
    fmt = struct.pack("<HHIIHH", 1, channels, 8000, 16000 * max(channels, 1), 2 * max(channels, 1), 16)
    body = b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", claimed_bytes) + data
    return b"RIFF" + struct.pack("<I", min(len(body), 0xFFFFFFFF)) + body


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param("这不是录音。".encode() * 1000, id="text"),
        pytest.param(np.random.default_rng(1).bytes(20000), id="random"),
        pytest.param(b"%PDF-1.4\n" + bytes(5000), id="pdf"),
        pytest.param(wav_bytes(0, 16000, bytes(16000)), id="no channel"),
        pytest.param(wav_bytes(3, 48000, bytes(48000)), id="three channels"),
        pytest.param(wav_bytes(1, 16000, b"")[:20], id="cut in the header"),
        pytest.param(wav_bytes(1, 0, b""), id="header only"),
        pytest.param(b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.wav\n", id="playlist"),
    ],
)
def test_bad_files_say_what_was_expected_and_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError) as caught:
        read(FileSource(path))
    assert caught.value.expected
    assert caught.value.found
    assert caught.value.remedy


def test_no_such_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.wav", tmp_path):
        with pytest.raises(AudioError):
            FileSource(path)


@pytest.mark.parametrize("claimed_bytes", [10 * 3600 * 16000, 32000])
def test_a_file_shorter_than_its_header_is_played_then_reported(tmp_path: Path, claimed_bytes: int) -> None:
    path = tmp_path / "short.wav"
    path.write_bytes(wav_bytes(1, claimed_bytes, noise(0.5).tobytes()))
    iterator = FileSource(path).frames()
    found: list[AudioFrame | AudioGap] = []
    with pytest.raises(AudioError, match="短"):
        found.extend(iterator)
    assert len(found) == 25


@needs_ffmpeg
def test_a_truncated_compressed_file_yields_its_readable_part(tmp_path: Path) -> None:
    write_wav(tmp_path / "in.wav", [noise(10)])
    subprocess.run(["ffmpeg", "-v", "error", "-i", tmp_path / "in.wav", tmp_path / "a.flac"], check=True)
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[: len(whole) // 2])
    found: list[AudioFrame | AudioGap] = []
    with pytest.raises(AudioError):
        found.extend(FileSource(tmp_path / "a.flac").frames())
    assert 4 < len(found) * 0.02 < 6


def test_named_channels_must_fit(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", [noise(0.1)])
    assert FileSource(path, channels=("operator",)).channels == ("operator",)
    with pytest.raises(AudioError):
        FileSource(path, channels=("operator", "caller"))


def test_real_time_playing_is_not_ahead_of_the_clock(tmp_path: Path) -> None:
    source = FileSource(write_wav(tmp_path / "a.wav", [noise(0.5)]), realtime=True)
    started = time.monotonic()
    for frame in read(source):
        assert time.monotonic() - started >= frame.start_s
    assert time.monotonic() - started >= 0.5


def test_close_from_another_thread_ends_real_time_playing(tmp_path: Path) -> None:
    source = FileSource(write_wav(tmp_path / "a.wav", [silence(3600)]), realtime=True)
    found: list[AudioFrame] = []
    player = threading.Thread(target=lambda: found.extend(read(source)), daemon=True)
    player.start()
    source.close()
    source.close()
    player.join(10)
    assert not player.is_alive()
    assert len(found) < 1000
