"""Which engine runs, and why: a pure function of what is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hotline.errors import ModelError

LANGUAGES = {"zh": ("中文", "Chinese"), "ko": ("韩语", "Korean")}


@dataclass(frozen=True)
class Available:
    """What can be used: folders of models, None where there is none."""

    vosk: Path | None = None
    whisper: Path | None = None
    vosk_problem: str = ""
    """Why there is no Vosk model, for people."""


@dataclass(frozen=True)
class Choice:
    """The engine with its model and one sentence, in Chinese and English, that says why."""

    engine: str
    model: Path | None
    reason: str


def choose(wanted: str, given: tuple[str, Path] | None, available: Available, language: str = "zh") -> Choice:
    """Choose by the setting `wanted` (auto, vosk, whisper, off) and a `given` model (its engine, its folder).

    Vosk whenever it has a model, since it gives words while they are spoken; else Whisper.
    Raises: ModelError when the wanted engine has no model.
    """
    if wanted == "off":
        return Choice("off", None, "设置中关闭了语音识别，请手工记录。Recognition is switched off by a setting.")
    if given is not None:
        return _use_given(wanted, *given)
    chinese, english = LANGUAGES[language]
    if wanted in ("auto", "vosk") and available.vosk:
        why = f"已有{chinese} Vosk 模型 {available.vosk.name}，边说边出字。A {english} Vosk model is installed."
        return Choice("vosk", available.vosk, why)
    if wanted == "vosk":
        raise ModelError(
            f"没有{chinese} Vosk 模型",
            expected="已安装的 Vosk 模型",
            found=available.vosk_problem or "没有",
            remedy="请运行 python -m asr_models import 模型.zip",
        )
    if available.whisper:
        if wanted == "whisper":
            why = "按设置使用 Whisper base，说完一句后出字。Whisper was asked for by a setting."
        else:
            problem = available.vosk_problem or "未安装"
            why = (
                f"没有{chinese} Vosk 模型（{problem}），改用内置 Whisper base，说完一句后出字。"
                f"No {english} Vosk model, so the embedded Whisper base is used."
            )
        return Choice("whisper", available.whisper, why)
    raise ModelError(
        "没有可用的语音模型",
        expected="Vosk 或 Whisper 模型",
        found=available.vosk_problem or "都没有",
        remedy="请运行 make models",
    )


def _use_given(wanted: str, engine: str, folder: Path) -> Choice:
    if wanted not in ("auto", engine):
        raise ModelError(
            "指定的模型与引擎不符", expected=f"{wanted} 模型", found=f"{engine} 模型", remedy="请改正引擎或模型的设置"
        )
    return Choice(engine, folder, f"按设置使用指定模型 {folder.name}。The model folder was given by a setting.")
