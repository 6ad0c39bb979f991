"""`python -m asr_models evaluate`: a manifest through the recogniser that calls use, with figures and a page."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from asr_models.evaluation import Figures, Heard, Result, Utterance, by_group, read_manifest
from asr_models.evaluation_page import render
from asr_models.factory import build_recognizer, chosen, engine_spec
from asr_models.in_process import InProcessRecognizer
from asr_models.transcribe import transcribe
from hotline.audio import FRAME_MS, AudioItem
from hotline.config import Config
from hotline.errors import AudioError, DatasetError, RecognizerError
from hotline.ports import AudioSource, Recognizer

OpenSource = Callable[[Path, bool], AudioSource]
"""Opens a file, at real speed when the second argument is true. Raises: AudioError."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--manifest", type=Path, required=True, help="TSV: audio, reference[, tags …] 评测清单")
    parser.add_argument("--page", type=Path, help="write the alignment page here (HTML) 对齐页面")
    parser.add_argument("--results", type=Path, help="keep what was heard here (JSON Lines); a second run goes on")
    parser.add_argument("--json", action="store_true", help="figures as one JSON line")
    parser.add_argument("--realtime", action="store_true", help="feed at real speed: delays as in a call 实时速度")
    parser.add_argument(
        "--in-process", action="store_true", help="without worker processes: nothing is given up on a busy machine"
    )
    parser.add_argument("--engine", choices=["auto", "vosk", "whisper"], help="default: HOTLINE_ASR_ENGINE")
    parser.add_argument("--model", metavar="PATH", help="folder of a speech model")


def run(arguments: argparse.Namespace, open_source: OpenSource) -> Iterator[str]:
    """Evaluate and yield the lines to print. Raises: DatasetError, AudioError, RecognizerError."""
    utterances = read_manifest(arguments.manifest)
    _check_audio(utterances, open_source)
    known = _read_results(arguments.results)
    results: list[Result] = [(u, known[str(u.audio)]) for u in utterances if str(u.audio) in known]
    model = "已有结果 kept results"
    if waiting := [u for u in utterances if str(u.audio) not in known]:
        recognizer = _recognizer(arguments)
        model = recognizer.info.model
        try:
            for utterance in tqdm(waiting, unit="句", file=sys.stderr, disable=None):
                heard = listen(open_source(utterance.audio, arguments.realtime), recognizer)
                results.append((utterance, heard))
                _keep(arguments.results, utterance, heard)
        finally:
            recognizer.close()
    rows = by_group(results)
    if arguments.page:
        arguments.page.write_text(render(results, rows, arguments.manifest.name, model), "utf-8")
    for utterance, heard in results:
        if heard.problem:
            yield f"{utterance.audio.name}: {heard.problem}"
    if not rows:
        raise AudioError("没有一段音频可以完整读取", expected="完整的音频", found="全部中断", remedy="请核对录音")
    yield from [json.dumps([_as_json(row) for row in rows], ensure_ascii=False)] if arguments.json else _table(rows)


def _recognizer(arguments: argparse.Namespace) -> Recognizer:
    overrides = {"HOTLINE_ASR_ENGINE": arguments.engine, "HOTLINE_ASR_MODEL": arguments.model}
    config = Config.with_overrides(overrides)
    if arguments.in_process and (choice := chosen(config)).model:
        return InProcessRecognizer(engine_spec(config, choice.engine, choice.model), choice.reason)
    recognizer, info = build_recognizer(config)
    if recognizer is None:
        raise RecognizerError("语音识别不可用", expected="语音模型", found=info.reason, remedy="先安装语音模型")
    return recognizer


class _Timed:
    """A source that notes how much it gave and when it gave the last frame."""

    def __init__(self, source: AudioSource) -> None:
        self.name, self.channels, self.rate_hz = source.name, source.channels, source.rate_hz
        self.patient = source.patient
        self._source = source
        self.frames_given = 0
        self.ended_s = 0.0

    def frames(self) -> Iterator[AudioItem]:
        """Yield the source's frames."""
        try:
            for frame in self._source.frames():
                self.frames_given += 1
                yield frame
        finally:
            self.ended_s = time.monotonic()

    def close(self) -> None:
        """Stop the source."""
        self._source.close()


def listen(opened: AudioSource, recognizer: Recognizer) -> Heard:
    """Recognise one file. Raises: RecognizerError."""
    source = _Timed(opened)
    started_s, started_cpu_s = time.monotonic(), time.process_time()
    heard = transcribe(source, recognizer)
    done_s, cpu_s = time.monotonic(), time.process_time() - started_cpu_s
    audio_s = source.frames_given / len(source.channels) * FRAME_MS / 1000
    text = " ".join(transcript.text for transcript in heard.transcripts)
    problem = str(heard.problem) if heard.problem else ""
    return Heard(text, audio_s, done_s - started_s, done_s - source.ended_s, cpu_s, problem)


def _check_audio(utterances: Sequence[Utterance], open_source: OpenSource) -> None:
    """Open every file before the first is recognised. Raises: AudioError naming the first that cannot be."""
    for utterance in utterances:
        try:
            open_source(utterance.audio, False).close()
        except AudioError as error:
            raise AudioError(
                f"{utterance.audio.name}：{error.message}",
                expected=error.expected,
                found=error.found,
                remedy=error.remedy,
            ) from None


def _read_results(path: Path | None) -> dict[str, Heard]:
    """Return what an earlier run kept. Raises: DatasetError."""
    if path is None or not path.exists():
        return {}
    try:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        return {row.pop("audio"): Heard(**row) for row in rows}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise DatasetError(
            "识别结果文件不能使用", expected="evaluate 写出的 JSON Lines", found=path.name, remedy="删除该文件后重试"
        ) from None


def _keep(path: Path | None, utterance: Utterance, heard: Heard) -> None:
    if path:
        with path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"audio": str(utterance.audio), **asdict(heard)}, ensure_ascii=False) + "\n")


def _as_json(row: Figures) -> dict[str, Any]:
    return {
        "group": row.group,
        "utterances": row.utterances,
        "characters": row.plain.characters,
        "cer": round(row.plain.rate, 4),
        "cer_numbers_canonical": round(row.canonical.rate, 4),
        "real_time_factor": round(row.real_time_factor, 3),
        "cpu_s_per_audio_s": round(row.cpu_factor, 3),
        "delay_p50_s": round(row.delay_s(0.5), 3),
        "delay_p95_s": round(row.delay_s(0.95), 3),
    }


def _table(rows: Sequence[Figures]) -> Iterator[str]:
    yield f"{'CER %':>7} {'数字归一':>6} {'RTF':>6} {'CPU':>6} {'延迟 p50':>7} {'p95 s':>6} {'句':>4}  "
    for row in rows:
        rates = f"{100 * row.plain.rate:7.1f} {100 * row.canonical.rate:9.1f} {row.real_time_factor:7.2f} {row.cpu_factor:6.2f}"
        yield f"{rates} {row.delay_s(0.5):8.2f} {row.delay_s(0.95):7.2f} {row.utterances:5}  {row.group}"
