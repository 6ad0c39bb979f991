"""The shared Vosk model of a process: loaded with endpointer settings, giving out recognisers that were warmed up.

A recogniser expands the model's graph as it hears words and keeps what it expanded. So recognisers of calls that are
over are wiped and lent again: the next call starts with a warm graph (docs/performance.md has the saving).
"""

from __future__ import annotations

import ctypes
import json
import logging
import re
import shutil
import tempfile
import threading
from collections import defaultdict
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from asr_models.engine import EngineSpec
from asr_models.folder import check_folder
from hotline.errors import ModelError

log = logging.getLogger(__name__)

SETTINGS_FILE = "conf/model.conf"
PAUSE_RULES = {"rule2": 0.0, "rule3": 0.5, "rule4": 1.0}
"""Kaldi's rules for pauses after speech and how much longer than the setting each waits, as in Vosk's own API."""
SPLIT_GRAPHS = ("graph/Gr.fst", "Gr.fst")
ANYTHING_ELSE = "[unk]"
WIPE_S = 0.1
MOST_FED_S = 300.0
"""A recogniser that has heard so much is not lent again: what it keeps of the graph grows slowly."""


@dataclass
class LentRecognizer:
    """A Kaldi recogniser and the seconds that it was fed before: its word times go on counting."""

    kaldi: Any
    rate_hz: int
    fed_s: float = 0.0


class VoskModel:
    """Thread-safe."""

    def __init__(self, spec: EngineSpec) -> None:
        """Load the model, its log silenced. Raises: ModelError."""
        check_folder(spec.model, "vosk")
        import vosk

        vosk.SetLogLevel(-1)
        self._vosk = vosk
        self._alternatives = spec.alternatives
        self._grammar = self._phrase_list(spec)
        self._idle: defaultdict[int, list[LentRecognizer]] = defaultdict(list)
        self._lock = threading.Lock()
        with _with_endpointer(spec) as folder:
            self._model = vosk.Model(str(folder))

    def lend(self, rate_hz: int) -> LentRecognizer:
        """Return a recogniser for a sample rate, a warm one if there is one."""
        with self._lock:
            if self._idle[rate_hz]:
                return self._idle[rate_hz].pop()
        grammar = (json.dumps([*self._grammar, ANYTHING_ELSE], ensure_ascii=False),) if self._grammar else ()
        kaldi = self._vosk.KaldiRecognizer(self._model, rate_hz, *grammar)
        kaldi.SetWords(True)
        kaldi.SetMaxAlternatives(self._alternatives)
        return LentRecognizer(kaldi, rate_hz)

    def give_back(self, lent: LentRecognizer) -> None:
        """Wipe a recogniser of all that it heard and keep it for the next call."""
        if lent.fed_s > MOST_FED_S:
            del lent.kaldi
            _trim()
            return
        lent.kaldi.AcceptWaveform(bytes(2 * int(WIPE_S * lent.rate_hz)))
        lent.kaldi.FinalResult()
        lent.fed_s += WIPE_S
        with self._lock:
            self._idle[lent.rate_hz].append(lent)

    def _phrase_list(self, spec: EngineSpec) -> tuple[str, ...]:
        """Return the wanted phrases when this model can be held to them: only a split graph can."""
        if spec.phrases and not any((spec.model / name).is_file() for name in SPLIT_GRAPHS):
            log.warning("this vosk model has a whole graph and takes no phrase list", extra={"model": spec.model.name})
            return ()
        return spec.phrases


def _trim() -> None:
    """Let glibc give the memory of a recogniser, many small pieces, back to the system."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _with_endpointer(spec: EngineSpec) -> AbstractContextManager[str | Path]:
    """Yield a folder like the model's own with the wanted endpointer settings; Vosk reads them from a file only."""
    wanted = {f"{rule}.min-trailing-silence": spec.pause_s + more for rule, more in PAUSE_RULES.items()}
    wanted = wanted if spec.pause_s else {}
    if spec.longest_s:
        wanted["rule5.min-utterance-length"] = spec.longest_s
    if not wanted:
        return nullcontext(spec.model)
    if not (spec.model / SETTINGS_FILE).is_file():
        raise ModelError(
            "这个 Vosk 模型不能设置断句",
            expected=SETTINGS_FILE,
            found="旧式模型，没有该文件",
            remedy="请去掉断句设置或换用新模型",
        )
    folder = tempfile.TemporaryDirectory(prefix="vosk-settings-")
    for part in spec.model.resolve().iterdir():
        if part.name != "conf":
            (Path(folder.name) / part.name).symlink_to(part)
    shutil.copytree(spec.model / "conf", Path(folder.name) / "conf")
    file = Path(folder.name) / SETTINGS_FILE
    kept = [line for line in file.read_text().splitlines() if not _sets(line, wanted)]
    file.write_text("\n".join([*kept, *(f"--endpoint.{name}={value}" for name, value in wanted.items())]) + "\n")
    return folder


def _sets(line: str, names: dict[str, float]) -> bool:
    match = re.match(r"\s*--endpoint\.([\w.-]+)=", line)
    return bool(match and match[1] in names)
