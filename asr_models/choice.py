"""Which engine runs, and why: a pure function of what is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hotline.errors import ModelError


@dataclass(frozen=True)
class Available:
    """What can be used: folders of models, None where there is none."""

    vosk: Path | None
    whisper: Path | None
    vosk_problem: str = ""
    """Why there is no Vosk model, for people."""


@dataclass(frozen=True)
class Choice:
    """The engine with its model and one sentence that says why."""

    engine: str
    model: Path | None
    reason: str


def choose(wanted: str, given: Path | None, available: Available) -> Choice:
    """Choose by the setting `wanted` (auto, vosk, whisper, off) and a model folder `given` by path.

    Vosk whenever it has a model, since it gives words while they are spoken; else Whisper.
    Raises: ModelError when the wanted engine has no model.
    """
    if wanted == "off":
        return Choice("off", None, "设置中关闭了语音识别，请手工记录")
    if given is not None:
        engine = wanted if wanted != "auto" else "whisper" if (given / "model.bin").is_file() else "vosk"
        return Choice(engine, given, f"按设置使用指定模型 {given.name}")
    if wanted in ("auto", "vosk") and available.vosk:
        return Choice("vosk", available.vosk, f"使用 Vosk 模型 {available.vosk.name}，边说边出字")
    if wanted == "vosk":
        raise ModelError(
            "没有 Vosk 模型",
            expected="已安装的 Vosk 模型",
            found=available.vosk_problem,
            remedy="python -m asr_models import 模型.zip",
        )
    if available.whisper:
        why = f"没有中文 Vosk 模型（{available.vosk_problem}），" if wanted == "auto" else "按设置，"
        return Choice("whisper", available.whisper, f"{why}使用内置 Whisper base，每句说完后出字")
    raise ModelError(
        "没有可用的语音模型",
        expected="Vosk 或 Whisper 模型",
        found=available.vosk_problem or "都没有",
        remedy="运行 make models",
    )
