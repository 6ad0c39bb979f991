"""Audio files as calls: anything that FFmpeg's libraries decode, through PyAV."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from hotline.audio import FRAME_MS, AudioFrame, AudioGap
from hotline.domain.segment import Channel
from hotline.errors import AudioError

MONO = (Channel.CALLER.value,)
STEREO = (Channel.OPERATOR.value, Channel.CALLER.value)
"""Left is the operator, right the caller."""
READABLE = "WAV、MP3、Opus、FLAC、M4A 等单声道或双声道录音"
PLAYLISTS = frozenset({"concat", "dash", "hls", "imf", "lavfi", "rtp", "rtsp", "sdp", "webm_dash_manifest"})
"""FFmpeg formats that lead to other files: a recording that is handed in must not read another call's."""
SHORTFALL = 0.98
"""A file that holds less than this share of the length it claims is called incomplete."""


class FileSource:
    """Plays a file as one call, at real speed or as fast as it is read."""

    def __init__(self, path: Path, realtime: bool = False, channels: tuple[str, ...] | None = None) -> None:
        """Open the file. `channels` names its channels where the default (mono: caller) does not fit.

        Raises: AudioError when it cannot be played.
        """
        self.name = "file"
        self._path = Path(path)
        self._realtime = realtime
        self.patient = not realtime
        self._closed = threading.Event()
        self._container, self._stream = _open(self._path)
        try:
            found = self._stream.codec_context.channels
            self.channels = channels or _default_channels(found)
            if len(self.channels) != found:
                raise AudioError(
                    "声道数与设置不符",
                    expected=f"{len(self.channels)} 个声道",
                    found=f"{found} 个声道",
                    remedy="请核对录音",
                )
        except AudioError:
            self._container.close()
            raise
        self.rate_hz = telephone_rate(self._stream.codec_context.sample_rate)
        self.claimed_s = self._claimed_duration()

    def frames(self) -> Iterator[AudioFrame | AudioGap]:
        """Yield 20 ms frames, the channels in turn. May be called once.

        Raises: AudioError after the last readable frame when the file is damaged or shorter than it claims.
        """
        size = self.rate_hz * FRAME_MS // 1000
        started = time.monotonic()
        index = 0
        try:
            for block in self._blocks(size):
                if self._closed.is_set() or (self._realtime and self._closed.wait(self._wait_s(started, index))):
                    return
                for row, channel in enumerate(self.channels):
                    yield AudioFrame(block[row].tobytes(), self.rate_hz, channel, index * FRAME_MS / 1000)
                index += 1
        finally:
            self._container.close()
        self._check_complete(index * FRAME_MS / 1000)

    def close(self) -> None:
        """Stop playing."""
        self._closed.set()

    def _wait_s(self, started: float, index: int) -> float:
        """Seconds until the frame of this index would have been heard to its end."""
        return max(0.0, started + (index + 1) * FRAME_MS / 1000 - time.monotonic())

    def _blocks(self, size: int) -> Iterator[npt.NDArray[np.int16]]:
        """Yield arrays of shape (channels, size); the last one is padded with silence."""
        rest = np.zeros((len(self.channels), 0), np.int16)
        for piece in self._pieces():
            rest = np.concatenate((rest, piece), axis=1)
            whole = rest.shape[1] // size * size
            for start in range(0, whole, size):
                yield rest[:, start : start + size]
            rest = rest[:, whole:]
        if rest.shape[1]:
            yield np.pad(rest, ((0, 0), (0, size - rest.shape[1])))

    def _pieces(self) -> Iterator[npt.NDArray[np.int16]]:
        """Yield decoded audio of shape (channels, n) at `rate_hz`."""
        layout = "mono" if len(self.channels) == 1 else "stereo"
        resampler = AudioResampler(format="s16p", layout=layout, rate=self.rate_hz)
        try:
            for decoded in self._container.decode(self._stream):
                for frame in resampler.resample(decoded):
                    yield _samples(frame)
        except (av.FFmpegError, ValueError) as error:
            yield from (_samples(frame) for frame in resampler.resample(None))
            raise AudioError(
                "录音文件在中途损坏",
                expected="完整的录音",
                found=f"解码出错（{type(error).__name__}）",
                remedy="损坏处之前的内容已处理；请重新获取录音",
            ) from None
        yield from (_samples(frame) for frame in resampler.resample(None))

    def _claimed_duration(self) -> float:
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base)
        return (self._container.duration or 0) / av.time_base

    def _check_complete(self, read_s: float) -> None:
        if not read_s:
            raise AudioError("录音里没有声音", expected=READABLE, found="没有可解码的音频", remedy="请核对文件是否完整")
        claimed_s = max(self.claimed_s, _wav_header_duration(self._path))
        if read_s < claimed_s * SHORTFALL - FRAME_MS / 1000:
            raise AudioError(
                "录音比文件头所写的短",
                expected=f"{claimed_s:.1f} 秒",
                found=f"{read_s:.1f} 秒",
                remedy="可读部分已处理；文件可能没有传完，请重新获取",
            )


def _samples(frame: av.AudioFrame) -> npt.NDArray[np.int16]:
    return np.asarray(frame.to_ndarray(), np.int16)


def telephone_rate(rate_hz: int) -> int:
    """Return the rate to work at: 8 kHz and 16 kHz stay, the rest becomes one of them."""
    return 8000 if rate_hz <= 8000 else 16000


def _default_channels(count: int) -> tuple[str, ...]:
    if count not in (1, 2):
        raise AudioError(
            "录音的声道数不能使用",
            expected="1 或 2 个声道",
            found=f"{count} 个声道",
            remedy="请转换为单声道或双声道（左坐席、右来电人）",
        )
    return MONO if count == 1 else STEREO


def _open(path: Path) -> tuple[InputContainer, AudioStream]:
    """Open a local file's first audio stream. Playlists may not lead anywhere else. Raises: AudioError."""
    if not path.is_file():
        found = "是文件夹" if path.is_dir() else "文件不存在"
        raise AudioError("找不到录音文件", expected="一个录音文件", found=found, remedy="请核对路径")
    if path.stat().st_size == 0:
        raise AudioError("录音文件是空的", expected=READABLE, found="0 字节", remedy="请重新获取录音")
    try:
        container = av.open(str(path), "r", options={"protocol_whitelist": "file"})
    except (av.FFmpegError, OSError, ValueError) as error:
        raise AudioError(
            "录音文件无法读取",
            expected=READABLE,
            found=f"无法识别的内容（{type(error).__name__}）",
            remedy="请核对文件或先转换格式",
        ) from None
    if PLAYLISTS & set(container.format.name.split(",")):
        container.close()
        raise AudioError("播放列表不能当作录音", expected=READABLE, found="播放列表", remedy="请上传录音文件本身")
    stream = next(iter(container.streams.audio), None)
    if stream is None or stream.codec_context is None or not stream.codec_context.sample_rate:
        container.close()
        raise AudioError("文件里没有音频", expected=READABLE, found="没有可用的音轨", remedy="请核对文件")
    return container, stream


def _wav_header_duration(path: Path) -> float:
    """Return the seconds that a RIFF header claims, 0 for other files and for headers of streams (size unknown)."""
    with path.open("rb") as file:
        head = file.read(4096)
    data = head.find(b"data", 12)
    form = head.find(b"fmt ", 12)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE" or data < 0 or form < 0:
        return 0.0
    size = int.from_bytes(head[data + 4 : data + 8], "little")
    bytes_per_s = int.from_bytes(head[form + 16 : form + 20], "little")
    return 0.0 if size >= 0xFFFFFF00 or size == 0 or not bytes_per_s else size / bytes_per_s
