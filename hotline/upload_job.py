"""The worker's side of an upload: a file becomes a finished call through the same pipeline as live calls."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from hotline import commands, handlers
from hotline.audio import AudioFrame, AudioItem
from hotline.domain.call import LAYOUT_SINGLE, LAYOUT_TWO
from hotline.domain.segment import OTHER_CHANNEL
from hotline.errors import AudioError
from hotline.job_ports import JobRun
from hotline.jobs import JobCancelled
from hotline.pipeline import CallPipeline
from hotline.ports import AudioSource
from hotline.uploads import MIRRORED, inbox

log = logging.getLogger(__name__)

CALL_FILE = "call"
"""Holds the id of the call that an attempt began."""

OpenFile = Callable[[Path, tuple[str, ...] | None], AudioSource]
"""Opens a file with its channels named, or as they are by default. Raises: AudioError."""


class ReportedSource:
    """Passes on a file's audio, saying how far it is; stops when the job is cancelled or the file is too long."""

    def __init__(self, source: AudioSource, run: JobRun, claimed_s: float, most_s: float) -> None:
        self.name, self.channels, self.rate_hz = "upload", source.channels, source.rate_hz
        self.patient = True
        self.problem: AudioError | None = None
        self.cancelled = False
        self._source = source
        self._run = run
        self._claimed_s = claimed_s
        self._most_s = most_s
        self._frames = source.frames()

    def prepare(self) -> None:
        """Read the first frame. Raises: AudioError when there is none, so that no call is opened for it."""
        first = next(self._frames, None)
        if first is None:
            raise AudioError("录音里没有声音", expected="可以播放的录音", found="没有可解码的音频", remedy="请核对文件")
        self._frames = chain((first,), self._frames)

    def frames(self) -> Iterator[AudioItem]:
        """Yield the audio. Raises: AudioError."""
        try:
            for item in self._frames:
                yield item
                if isinstance(item, AudioFrame):
                    self._check(item.end_s)
        except AudioError as error:
            self.problem = error
            raise
        except JobCancelled:
            self.cancelled = True
        finally:
            self.close()

    def close(self) -> None:
        """Stop."""
        self._source.close()

    def _check(self, heard_s: float) -> None:
        if heard_s > self._most_s:
            raise _too_long(self._most_s, heard_s)
        self._run.report(min(heard_s / self._claimed_s, 0.99) if self._claimed_s else 0.5)


def transcribe_upload(run: JobRun, open_file: OpenFile) -> Mapping[str, Any]:
    """Turn the file into a call; return `call_id`, `layout`, `duration_s` and a `warning` if it was damaged.

    Raises: AudioError when nothing of the file can be used, JobCancelled.
    """
    path = inbox(run.hub.config) / str(run.arguments["file"])
    try:
        _close_earlier_attempt(run)
        return _transcribe(run, path, open_file)
    finally:
        path.unlink(missing_ok=True)


def _transcribe(run: JobRun, path: Path, open_file: OpenFile) -> Mapping[str, Any]:
    hub, most_s = run.hub, 3600 * run.hub.config.number("upload_hours")
    source = open_file(path, None)
    if run.arguments["layout"] == MIRRORED:
        source.close()
        source = open_file(path, tuple(OTHER_CHANNEL[channel] for channel in source.channels))
    claimed_s = float(getattr(source, "claimed_s", 0.0))
    if claimed_s > most_s:
        source.close()
        raise _too_long(most_s, claimed_s)
    reported = ReportedSource(source, run, claimed_s, most_s)
    reported.prepare()
    layout = LAYOUT_TWO if len(source.channels) > 1 else LAYOUT_SINGLE
    call = handlers.start_call(hub, commands.StartCall("upload", run.job.asked_by, layout=layout))
    (run.folder / CALL_FILE).write_text(call.id)
    pipeline = CallPipeline(hub, call.id, reported)
    pipeline.run()
    if reported.cancelled:
        handlers.add_note(hub, commands.AddNote(call.id, "system", "导入已取消，只含取消前的部分"))
        raise JobCancelled("任务已取消")
    with hub.store.transaction() as uow:
        duration_s = uow.call(call.id).duration_s
    warnings = [str(reported.problem)] if reported.problem else []
    if pipeline.recognition_problem:
        warnings.append(f"语音识别中途不可用，文字不全：{pipeline.recognition_problem}")
    return {"call_id": call.id, "layout": layout, "duration_s": duration_s, "warning": "；".join(warnings)}


def _close_earlier_attempt(run: JobRun) -> None:
    """Say on the call of an attempt that was cut off that another one replaces it."""
    earlier = run.folder / CALL_FILE
    if not earlier.is_file():
        return
    call_id = earlier.read_text()
    with run.hub.store.transaction() as uow:
        call = uow.call(call_id)
        uow.save_call(replace(call, note=f"{call.note}\n处理进程中断，录音已重新转写为另一通话".strip()))


def _too_long(most_s: float, found_s: float) -> AudioError:
    return AudioError(
        "录音太长",
        expected=f"不超过 {most_s / 3600:g} 小时",
        found=f"{found_s / 3600:.1f} 小时",
        remedy="请分段后再上传",
    )
