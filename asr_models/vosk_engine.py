"""Vosk: streaming partial and final results with word times and confidences."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from asr_models.engine import EngineSpec, Timeline
from hotline.audio import AudioFrame
from hotline.domain.segment import Transcript, Word
from hotline.errors import ModelError

CJK_SPACE = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")
UNKNOWN = re.compile(r"\s*(?:\[unk\]|<unk>|<UNK>)\s*")
REQUIRED = ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf")
GRAPHS = (("graph/HCLG.fst",), ("graph/HCLr.fst", "graph/Gr.fst"), ("HCLG.fst",))


def check_vosk_model(folder: Path) -> None:
    """Check a model folder before native code sees it: Kaldi aborts the process on a broken one.

    Raises: ModelError.
    """
    if not folder.is_dir():
        raise ModelError("没有这个语音模型文件夹", expected="解压后的 Vosk 模型文件夹", found=folder.name, remedy="检查路径")
    missing = [name for name in REQUIRED if not _has_content(folder / name)]
    if not any(all(_has_content(folder / name) for name in graph) for graph in GRAPHS):
        missing.append("graph/HCLG.fst 或 graph/HCLr.fst 与 graph/Gr.fst")
    if missing:
        raise ModelError(
            "语音模型文件夹不完整", expected="、".join(missing), found=f"{folder.name} 中缺少", remedy="重新下载或导入该模型"
        )


def _has_content(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def join_words(text: str) -> str:
    """Return Vosk's text without spaces between Chinese words and without unknown-word marks."""
    return CJK_SPACE.sub("", UNKNOWN.sub(" ", text)).strip()


class VoskEngine:
    """One model, shared by all sessions of a worker."""

    def __init__(self, spec: EngineSpec) -> None:
        check_vosk_model(spec.model)
        import vosk

        vosk.SetLogLevel(-1)
        self._model = vosk.Model(str(spec.model))

    def open(self, channel: str) -> VoskSession:
        """Start recognising a channel."""
        return VoskSession(self._model, channel)


class VoskSession:
    """One channel at its true sample rate; the recogniser is made when the rate is known."""

    def __init__(self, model: Any, channel: str) -> None:
        self._model = model
        self._channel = channel
        self._recognizer: Any = None
        self._timeline = Timeline()
        self._start_s = 0.0
        self._end_s = 0.0
        self._partial = ""

    def accept(self, frame: AudioFrame) -> Sequence[Transcript]:
        """Decode a frame; Vosk's own endpointer may end the utterance."""
        if self._recognizer is None:
            import vosk

            self._recognizer = vosk.KaldiRecognizer(self._model, frame.rate_hz)
            self._recognizer.SetWords(True)
        if not self._partial:
            self._start_s = frame.start_s
        self._timeline.feed(frame)
        self._end_s = frame.end_s
        if self._recognizer.AcceptWaveform(frame.pcm):
            return self._final(self._recognizer.Result())
        text = join_words(json.loads(self._recognizer.PartialResult()).get("partial", ""))
        if not text or text == self._partial:
            return ()
        self._partial = text
        return (Transcript(self._channel, text, self._start_s, self._end_s, is_final=False),)

    def end_utterance(self) -> Sequence[Transcript]:
        """Make what was heard final."""
        return () if self._recognizer is None else self._final(self._recognizer.FinalResult())

    def idle(self) -> Sequence[Transcript]:
        """Nothing: partial results come with the audio."""
        return ()

    def _final(self, result: str) -> Sequence[Transcript]:
        self._partial = ""
        body = json.loads(result)
        text = join_words(body.get("text", ""))
        if not text:
            return ()
        words = tuple(
            Word(word["word"], self._timeline.call_s(word["start"]), self._timeline.call_s(word["end"]), word["conf"])
            for word in body.get("result", ())
            if not UNKNOWN.fullmatch(word["word"])
        )
        if not words:
            return (Transcript(self._channel, text, self._start_s, self._end_s, is_final=True),)
        confidence = sum(word.confidence for word in words) / len(words)
        return (Transcript(self._channel, text, words[0].start_s, words[-1].end_s, True, words, confidence),)
