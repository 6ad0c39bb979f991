"""The Silero VAD, as faster-whisper ships it, on a live stream: one small model a process, one memory a channel."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hotline.audio import FULL_SCALE
from hotline.errors import ModelError

PACKAGE = "faster_whisper"
MODEL_FILE = "assets/silero_vad_v6.onnx"
CONTEXT_SAMPLES = 64
"""The model wants to see so many samples before the window, too."""
WINDOW_SAMPLES = 512
MEMORY_SHAPE = (1, 1, 128)


@cache
def load_model() -> Any:
    """Return the session of the model, shared by all threads; its memory is passed in. Raises: ModelError.

    The package is looked up, not imported: it would load a whole speech recogniser into the console.
    """
    import onnxruntime

    spec = importlib.util.find_spec(PACKAGE)
    path = Path(str(spec.origin)).parent / MODEL_FILE if spec else Path(MODEL_FILE)
    if not path.is_file():
        raise ModelError("没有语音检测模型", expected=MODEL_FILE, found="缺失", remedy="运行 make setup")
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class SileroDetector:
    """Implements `hotline.vad.SpeechDetector`; docs/performance.md gives what a window costs."""

    def __init__(self) -> None:
        """Load the model unless it is loaded. Raises: ModelError."""
        self._model = load_model()
        self._input: npt.NDArray[np.float32] = np.zeros((1, CONTEXT_SAMPLES + WINDOW_SAMPLES), np.float32)
        self._h: npt.NDArray[np.float32] = np.zeros(MEMORY_SHAPE, np.float32)
        self._c: npt.NDArray[np.float32] = self._h

    def probability(self, window: npt.NDArray[np.int16]) -> float:
        """Return the probability of speech in one window of 16 kHz samples."""
        self._input[0, :CONTEXT_SAMPLES] = self._input[0, -CONTEXT_SAMPLES:]
        np.divide(window, np.float32(FULL_SCALE), out=self._input[0, CONTEXT_SAMPLES:])
        found, self._h, self._c = self._model.run(None, {"input": self._input, "h": self._h, "c": self._c})
        return float(found[0])

    def reset(self) -> None:
        """Forget what was heard."""
        self._input[:] = 0
        self._h = self._c = np.zeros(MEMORY_SHAPE, np.float32)
