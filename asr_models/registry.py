"""The engines: one row each. A further engine is one class (see `engine.Engine`) and one row here."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asr_models.engine import Engine, EngineSpec

VOSK_LAYOUTS: tuple[tuple[str, ...], ...] = (
    ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLG.fst"),
    ("am/final.mdl", "conf/mfcc.conf", "conf/model.conf", "graph/HCLr.fst", "graph/Gr.fst"),
    ("final.mdl", "mfcc.conf", "HCLG.fst"),
    ("final.mdl", "mfcc.conf", "HCLr.fst", "Gr.fst"),
)
"""What Vosk looks for: the present layout and the one of its first small models, each with a whole or a split graph."""
WHISPER_LAYOUTS: tuple[tuple[str, ...], ...] = (
    ("model.bin", "config.json", "tokenizer.json", "vocabulary.json"),
    ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt"),
)


@dataclass(frozen=True)
class EngineKind:
    """What is known about an engine without loading it."""

    address: str
    """`module:class`; imported in worker processes only."""
    layouts: tuple[tuple[str, ...], ...]
    """The files that a complete model folder holds, one tuple for each layout."""
    max_lag_s: float
    """Seconds of audio that may wait undecoded; an engine that decodes whole utterances lags by nature."""
    most_job_cpu_s: float
    """Processor seconds after which a job is held to run in circles."""


ENGINES: dict[str, EngineKind] = {
    "vosk": EngineKind("asr_models.vosk_engine:VoskEngine", VOSK_LAYOUTS, 5.0, 20.0),
    "whisper": EngineKind("asr_models.whisper_engine:WhisperEngine", WHISPER_LAYOUTS, 30.0, 120.0),
}


def load_engine(spec: EngineSpec) -> Engine:
    """Load the model of a spec. Raises: ModelError."""
    module, _, name = ENGINES[spec.engine].address.partition(":")
    engine: Engine = getattr(importlib.import_module(module), name)(spec)
    return engine
