"""After the call its recording is heard again without hurry, in the background; both versions are kept.

Live calls go first: the worker is niced, and between two pieces it waits while any call's audio is live. What was
heard is kept piece by piece in the job's folder, so that a killed worker goes on where it was; the result is stored
as a whole, so that nothing is there twice.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hotline.audio import AudioFrame
from hotline.domain.call import Call, CallState
from hotline.domain.job import Job
from hotline.domain.second_pass import SecondPass, changes_between
from hotline.domain.segment import Transcript, Word
from hotline.entities import extract_segments
from hotline.errors import HotlineError, NotFoundError, StateError
from hotline.handlers import segment_of
from hotline.homophones.mending import turns_said
from hotline.hub import Hub
from hotline.job_ports import JobRun
from hotline.jobs import start_job
from hotline.ports import AudioSource, Classifier
from hotline.predicting import said_enough
from hotline.second_pass_ports import Listener
from hotline.vad import GateSettings, VadGate

log = logging.getLogger(__name__)

SECOND_PASS = "second_pass"
CALMER_GATE = GateSettings(hang_over_ms=1200)
"""Pauses inside a sentence or between the groups of a number end no piece here."""
HEARD_FILE = "heard.jsonl"
LOOK_EVERY_S = 1.0
MOST_LIVE = 1000

OpenFile = Callable[[Path, str], AudioSource]
"""Opens the recording of one channel. Raises: AudioError."""
LoadClassifier = Callable[[Call], Classifier | None]


def order_after_call(hub: Hub, call_id: str) -> None:
    """Ask for the second pass of a call that just ended, where the settings want it and there is somebody to do it."""
    if hub.config["second_pass"] == "0" or SECOND_PASS not in hub.job_kinds:
        return
    with hub.store.transaction() as uow:
        call = uow.call(call_id)
        heard = any(segment.engine != "typed" for segment in uow.segments(call_id))
    unhurried = call.source == "upload" and call.engine == "whisper"
    if heard and not unhurried and hub.recordings.paths(call_id):
        try:
            order_second_pass(hub, call_id, call.operator_id or "system")
        except HotlineError as error:
            log.error("second pass not ordered", extra={"call_id": call_id, "error": type(error).__name__})


def order_second_pass(hub: Hub, call_id: str, actor: str) -> Job:
    """Start a second pass. Raises: NotFoundError without a recording, StateError while live or being made."""
    with hub.store.transaction() as uow:
        _check_ended(uow.call(call_id))
        job_id = uow.second_pass_job(call_id)
        if job_id and uow.job(job_id).is_open:
            raise StateError("二次转写正在进行", expected="没有进行中的二次转写", found="1 个", remedy="请等待其完成")
    if not hub.recordings.paths(call_id):
        raise NotFoundError("这通电话没有录音", expected="至少一个声道的录音", found="没有", remedy="无法再次转写")
    job = start_job(hub, SECOND_PASS, {"call_id": call_id}, actor)
    with hub.store.transaction() as uow:
        uow.note_second_pass_job(call_id, job.id)
    return job


def second_pass_job(
    run: JobRun, listener: Listener, open_file: OpenFile, load_classifier: LoadClassifier
) -> Mapping[str, Any]:
    """Hear the call again, read facts and label from it, store all beside the live version.

    Raises: NotFoundError, StateError, AudioError when the recording cannot be read, JobCancelled.
    """
    hub, call_id = run.hub, str(run.arguments["call_id"])
    with hub.store.transaction() as uow:
        call = uow.call(call_id)
    _check_ended(call)
    notes = _Notes(run.folder / HEARD_FILE)
    heard: list[Transcript] = []
    paths = hub.recordings.paths(call_id)
    for number, (channel, path) in enumerate(sorted(paths.items())):
        for piece in calm_pieces(open_file(Path(path), channel), channel):
            _let_live_calls_go_first(run)
            found = notes.read(channel, piece[0].start_s)
            if found is None:
                found = list(listener.hear(channel, piece))
                notes.write(channel, piece[0].start_s, found)
            heard += found
            done = min(piece[-1].end_s / call.duration_s, 1.0) if call.duration_s else 0.5
            run.report((number + done) / len(paths), "正在再次转写")
    return _store(run, call, listener.model, sorted(heard, key=lambda t: t.start_s), load_classifier(call))


class _Notes:
    """What an attempt has heard so far, a line a piece; a line that was cut off is heard again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[tuple[str, float], list[Transcript]] = {}
        whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
        for line in whole.decode().splitlines():
            row = json.loads(line)
            self._known[row["channel"], row["at_s"]] = [_transcript(values) for values in row["heard"]]
        path.write_bytes(whole + b"\n" if whole else b"")

    def read(self, channel: str, at_s: float) -> list[Transcript] | None:
        """Return what was heard in the piece that begins at `at_s`, None when nobody has heard it yet."""
        return self._known.get((channel, round(at_s, 3)))

    def write(self, channel: str, at_s: float, heard: list[Transcript]) -> None:
        """Keep what was heard in a piece."""
        row = {"channel": channel, "at_s": round(at_s, 3), "heard": [asdict(transcript) for transcript in heard]}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _transcript(values: dict[str, Any]) -> Transcript:
    return Transcript(**{**values, "words": tuple(Word(**word) for word in values["words"])})


def calm_pieces(source: AudioSource, channel: str) -> Iterator[list[AudioFrame]]:
    """Yield the speech of a channel in pieces, cut at long pauses; the same recording always gives the same pieces."""
    gate, piece = VadGate(channel, settings=CALMER_GATE), list[AudioFrame]()
    for frame in source.frames():
        if not isinstance(frame, AudioFrame) or frame.channel != channel:
            continue
        output = gate.push(frame)
        piece += output.frames
        if output.utterance_ended and piece:
            yield piece
            piece = []
    if piece:
        yield piece


def _let_live_calls_go_first(run: JobRun) -> None:
    """Wait while audio of a call is live, unless the settings say that the machine can do both."""
    if run.hub.config["second_pass"] == "beside":
        return
    while True:
        with run.hub.store.transaction() as uow:
            live = [call for call in uow.calls(live=True, limit=MOST_LIVE) if call.source not in ("manual", "upload")]
        if not live:
            return
        run.report(run.job.progress, "等待进行中的通话结束")
        time.sleep(LOOK_EVERY_S)


def _store(
    run: JobRun, call: Call, model: str, heard: list[Transcript], classifier: Classifier | None
) -> Mapping[str, Any]:
    hub = run.hub
    segments = tuple(segment_of(hub, call.id, transcript, "whisper") for transcript in heard if transcript.text)
    entities = extract_segments(segments)
    prediction = classifier.predict([turns_said(segments)])[0] if classifier and said_enough(segments) else None
    with hub.store.transaction() as uow:
        latest = uow.latest_prediction(call.id)
        before, after = (latest.label if latest else None), (prediction.label if prediction else None)
        changes = changes_between(before, after, uow.entities(call.id), entities)
        uow.save_second_pass(SecondPass(call.id, hub.clock(), model, segments, tuple(entities), prediction, changes))
        uow.audit(run.job.asked_by, "call.second_pass", call.id, model)
    return {
        "call_id": call.id,
        "segments": len(segments),
        "label_changed": before != after,
        "gained": len(changes.gained),
        "lost": len(changes.lost),
    }


def _check_ended(call: Call) -> None:
    if call.state is CallState.LIVE:
        raise StateError("通话进行中", expected="已结束的通话", found=call.state, remedy="请在通话结束后再次转写")
