"""A sound device as a call, through sounddevice or, as an alternative, PyAudio."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from hotline.audio import AudioFrame, AudioGap
from hotline.errors import ConfigError, DeviceError
from hotline.sources.capture import CaptureQueue
from hotline.sources.file import MONO, STEREO

RATE_HZ = 16000


class Stream(Protocol):
    """An open capture stream."""

    def start(self) -> None:
        """Begin to capture."""

    def close(self) -> None:
        """Stop and release the device."""


class MicrophoneSource:
    """Captures one channel (caller) or two (left operator, right caller) at 16 kHz."""

    def __init__(
        self, backend: str = "sounddevice", device: str | None = None, channels: int = 1, rate_hz: int = RATE_HZ
    ) -> None:
        """Open the device; `device` is its name, part of it, or its number; None is the default one.

        Raises: DeviceError when there is no such device or backend; ConfigError for an unknown backend.
        """
        if backend not in BACKENDS or channels not in (1, 2):
            raise ConfigError(
                "麦克风设置不对",
                expected=f"{'、'.join(BACKENDS)}；1 或 2 个声道",
                found=f"{backend}，{channels} 个声道",
                remedy="请改正设置",
            )
        self.name = "microphone"
        self.patient = False
        self.channels: tuple[str, ...] = MONO if channels == 1 else STEREO
        self.rate_hz = rate_hz
        self._queue = CaptureQueue(self.channels, rate_hz)
        self._lock = threading.Lock()
        self._stream: Stream | None = BACKENDS[backend](device, self._queue)

    def frames(self) -> Iterator[AudioFrame | AudioGap]:
        """Yield what is heard from now on until `close`. Raises: DeviceError when the device fails."""
        with self._lock:
            stream, self._stream = self._stream, None
        if stream is None:
            return
        try:
            try:
                stream.start()
            except Exception as error:  # both backends raise types of their own
                raise _failure(type(error).__name__) from None
            yield from self._queue.items()
        finally:
            stream.close()

    def close(self) -> None:
        """Stop listening."""
        self._queue.end()
        with self._lock:
            stream, self._stream = self._stream, None
        if stream:
            stream.close()


def _failure(found: str) -> DeviceError:
    return DeviceError(
        "录音设备无法使用",
        expected="可用的麦克风或声卡输入",
        found=found,
        remedy="请检查设备是否接好、是否被占用、权限是否打开",
    )


def _device_key(device: str | None) -> str | int | None:
    return int(device) if device is not None and device.isdigit() else device


class _SoundDeviceStream:
    """Capture through the sounddevice package (PortAudio is in its wheel or in the system)."""

    def __init__(self, device: str | None, blocks: CaptureQueue) -> None:
        try:
            import sounddevice
        except (ImportError, OSError):
            raise _failure("缺少 sounddevice 或 PortAudio") from None
        self._blocks = blocks
        try:
            self._stream = sounddevice.RawInputStream(
                samplerate=blocks.rate_hz,
                blocksize=blocks.block_samples,
                device=_device_key(device),
                channels=len(blocks.channels),
                dtype="int16",
                callback=self._take,
                finished_callback=blocks.end,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise _failure(f"没有可用的输入设备（{type(error).__name__}）") from None

    def _take(self, block: Any, frame_count: int, time: Any, status: Any) -> None:
        self._blocks.push(bytes(block), missed_blocks=1 if status.input_overflow else 0)

    def start(self) -> None:
        self._stream.start()

    def close(self) -> None:
        self._stream.close()


class _PyAudioStream:
    """Capture through the PyAudio package, which is built against the system's PortAudio."""

    def __init__(self, device: str | None, blocks: CaptureQueue) -> None:
        try:
            import pyaudio
        except ImportError:
            raise DeviceError(
                "没有安装 PyAudio",
                retryable=False,
                expected="已安装 PyAudio 0.2.14",
                found="未安装",
                remedy="请先安装 portaudio19-dev，再执行 pip install pyaudio==0.2.14；或改用 sounddevice",
            ) from None
        self._pyaudio = pyaudio
        self._blocks = blocks
        self._audio = pyaudio.PyAudio()
        try:
            self._stream = self._audio.open(
                rate=blocks.rate_hz,
                channels=len(blocks.channels),
                format=pyaudio.paInt16,
                input=True,
                input_device_index=self._index_of(device),
                frames_per_buffer=blocks.block_samples,
                start=False,
                stream_callback=self._take,
            )
        except (OSError, ValueError) as error:
            self._audio.terminate()
            raise _failure(f"没有可用的输入设备（{type(error).__name__}）") from None

    def _index_of(self, device: str | None) -> int | None:
        """Return the number of the input whose name contains `device`."""
        key = _device_key(device)
        if not isinstance(key, str):
            return key
        for index in range(self._audio.get_device_count()):
            info = self._audio.get_device_info_by_index(index)
            if int(info["maxInputChannels"]) and key in str(info["name"]):
                return index
        raise ValueError("no such input device")

    def _take(self, block: bytes | None, frame_count: int, time: Any, status: int) -> tuple[None, int]:
        self._blocks.push(block or b"", missed_blocks=1 if status & self._pyaudio.paInputOverflow else 0)
        return None, int(self._pyaudio.paContinue)

    def start(self) -> None:
        self._stream.start_stream()

    def close(self) -> None:
        self._stream.close()
        self._audio.terminate()


BACKENDS: dict[str, Callable[[str | None, CaptureQueue], Stream]] = {
    "sounddevice": _SoundDeviceStream,
    "pyaudio": _PyAudioStream,
}
