"""Recordings: one WAV file a channel, where a second in the file is a second in the call.

The header is written first with the greatest length, so a file whose process was killed still opens (readers
stop at the end of the file); it is corrected on closing, or by `repair` at the next start. Frames are handed
to the operating system as they come and forced to disk once a second.
"""

from __future__ import annotations

import logging
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from hotline.audio import AudioFrame

log = logging.getLogger(__name__)

HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
OPEN_BYTES = 0xFFFFFFFF - HEADER.size
SAMPLE_BYTES = 2
SYNC_EVERY_S = 1.0
SWAPPING = "operator.swapping"
JITTER_S = 0.03
"""Frames that come this much late or early are joined; a longer hole becomes silence."""


def _header(rate_hz: int, data_bytes: int) -> bytes:
    return HEADER.pack(
        b"RIFF",
        min(data_bytes + HEADER.size - 8, 0xFFFFFFFF),
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        rate_hz,
        rate_hz * SAMPLE_BYTES,
        SAMPLE_BYTES,
        8 * SAMPLE_BYTES,
        b"data",
        data_bytes,
    )


class _ChannelFile:
    def __init__(self, path: Path, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.samples = 0
        self._synced = 0
        self._file: BinaryIO | None = path.open("wb", buffering=0)
        self._file.write(_header(rate_hz, OPEN_BYTES))

    def write(self, frame: AudioFrame) -> None:
        if self._file is None:
            return
        missing = round(frame.start_s * self.rate_hz) - self.samples
        if missing > JITTER_S * self.rate_hz:
            self._append(b"\0" * (missing * SAMPLE_BYTES))
        self._append(frame.pcm)
        if self.samples - self._synced >= SYNC_EVERY_S * self.rate_hz:
            os.fdatasync(self._file.fileno())
            self._synced = self.samples

    def _append(self, pcm: bytes) -> None:
        assert self._file is not None
        self._file.write(pcm)
        self.samples += len(pcm) // SAMPLE_BYTES

    def close(self) -> None:
        if self._file is None:
            return
        file, self._file = self._file, None
        with file:
            file.seek(0)
            file.write(_header(self.rate_hz, self.samples * SAMPLE_BYTES))
            os.fsync(file.fileno())

    def abandon(self) -> None:
        """Stop after a write error; what was written stays readable."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


class WavRecording:
    """Implements `hotline.ports.Recording`. A full disk ends the recording, never the call.

    A channel that joins later gets its file then, with silence for what it missed.
    """

    def __init__(self, folder: Path, channels: Sequence[str], rate_hz: int) -> None:
        self._folder = folder
        self._rate_hz = rate_hz
        self._files: dict[str, _ChannelFile] = {}
        self.failed = False
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for channel in channels:
                self._files[channel] = _ChannelFile(folder / f"{channel}.wav", rate_hz)
        except OSError as error:
            self._fail(error)

    def write(self, frame: AudioFrame) -> None:
        """Append a frame; time that was not heard becomes silence."""
        if self.failed:
            return
        try:
            if frame.channel not in self._files:
                self._files[frame.channel] = _ChannelFile(self._folder / f"{frame.channel}.wav", self._rate_hz)
            self._files[frame.channel].write(frame)
        except OSError as error:
            self._fail(error)

    def close(self) -> None:
        """Finish the files."""
        for file in self._files.values():
            try:
                file.close()
            except OSError as error:
                self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.failed = True
        for file in self._files.values():
            file.abandon()
        log.error("recording stopped", extra={"error": type(error).__name__, "errno": error.errno})


class WavRecordingStore:
    """Implements `hotline.ports.RecordingStore` in a folder: `<call id>/<channel>.wav`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def open(self, call_id: str, channels: Sequence[str], rate_hz: int) -> WavRecording:
        """Start recording a call."""
        return WavRecording(self._root / call_id, channels, rate_hz)

    def paths(self, call_id: str) -> dict[str, str]:
        """Return the file of each channel that has one."""
        return {path.stem: str(path) for path in sorted((self._root / call_id).glob("*.wav"))}

    def swap(self, call_id: str) -> None:
        """Let the files of operator and caller change places; a swap that was cut off is finished first."""
        folder = self._root / call_id
        if not _finish_swap(folder) and folder.is_dir():
            operator, aside = folder / "operator.wav", folder / SWAPPING
            if operator.exists():
                operator.rename(aside)
            elif (folder / "caller.wav").exists():
                (folder / "caller.wav").rename(operator)
            _finish_swap(folder)

    def repair(self, call_id: str) -> list[str]:
        """Correct the headers of a call whose process died; return the channels that were corrected."""
        return [channel for channel, path in self.paths(call_id).items() if _repair(Path(path))]


def _finish_swap(folder: Path) -> bool:
    """Do what is left of a swap: the operator's file was put aside first. Return whether there was something."""
    aside, operator, caller = (folder / name for name in (SWAPPING, "operator.wav", "caller.wav"))
    if not aside.exists():
        return False
    if caller.exists() and not operator.exists():
        caller.rename(operator)
    aside.rename(caller)
    return True


def _repair(path: Path) -> bool:
    with path.open("r+b") as file:
        header = file.read(HEADER.size)
        if len(header) < HEADER.size:
            return False
        values = HEADER.unpack(header)
        data_bytes = (path.stat().st_size - HEADER.size) // SAMPLE_BYTES * SAMPLE_BYTES
        if values[-1] == data_bytes:
            return False
        file.seek(0)
        file.write(_header(values[7], data_bytes))
        return True
