"""From settings to a running recogniser."""

from __future__ import annotations

import json
from pathlib import Path

from asr_models.archive import install_archive, install_folder
from asr_models.catalogue import DEFAULT_VOSK, find
from asr_models.choice import Available, Choice, choose
from asr_models.embedded import install_whisper_base, vosk_korean
from asr_models.engine import EngineSpec
from asr_models.fetch import fetch
from asr_models.pool import PooledRecognizer
from asr_models.vosk_engine import check_vosk_model
from hotline.config import Config
from hotline.errors import ExternalError, HotlineError, ModelError
from hotline.ports import EngineInfo, Recognizer

CHANNELS_A_CALL = 2
PROBLEM_FILE = "vosk-problem.json"


def models_dir(config: Config) -> Path:
    """Return the folder of installed speech models."""
    return config.data_dir / "models"


def find_vosk(config: Config) -> Path | None:
    """Return an installed Vosk model of the configured language, the default one first."""
    if config["language"] == "ko":
        return vosk_korean()
    folder = models_dir(config)
    names = [DEFAULT_VOSK[config["language"]], *sorted(p.name for p in folder.glob("vosk-model*cn*"))]
    for name in names:
        try:
            check_vosk_model(folder / name)
        except ModelError:
            continue
        return folder / name
    return None


def ensure(config: Config) -> Choice:
    """Obtain a model for the configured language: what is there, else a download, else the embedded Whisper.

    An absent host costs at most five seconds. Raises: ModelError when there is none at all.
    """
    problem = ""
    if config["asr_engine"] in ("auto", "vosk") and not config["asr_model"] and find_vosk(config) is None:
        try:
            fetch(find(DEFAULT_VOSK[config["language"]]), models_dir(config), config["asr_mirror"])
        except (ExternalError, ModelError) as error:
            problem = "下载地址连不上" if isinstance(error, ExternalError) else error.message
    folder = models_dir(config)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PROBLEM_FILE).write_text(json.dumps({"problem": problem}, ensure_ascii=False), "utf-8")
    return chosen(config)


def chosen(config: Config) -> Choice:
    """Choose among the models that are installed, without any download. Raises: ModelError."""
    whisper: Path | None = None
    problem_file = models_dir(config) / PROBLEM_FILE
    problem = json.loads(problem_file.read_text("utf-8"))["problem"] if problem_file.is_file() else ""
    given = Path(config["asr_model"]) if config["asr_model"] else None
    vosk = find_vosk(config)
    if (
        given is None
        and config["asr_engine"] in ("auto", "whisper")
        and (vosk is None or config["asr_engine"] == "whisper")
    ):
        try:
            whisper = install_whisper_base(models_dir(config))
        except ModelError as error:
            problem = problem or error.message
    return choose(config["asr_engine"], given, Available(vosk, whisper, problem or "尚未安装"))


def build_recognizer(config: Config) -> tuple[Recognizer | None, EngineInfo]:
    """Start the chosen recogniser; (None, why) when recognition is off or cannot run."""
    try:
        choice = chosen(config)
        if choice.engine == "off" or choice.model is None:
            return None, EngineInfo("off", "", choice.reason)
        if choice.engine == "vosk":
            check_vosk_model(choice.model)
        info = EngineInfo(choice.engine, choice.model.name, choice.reason)
        recognizer = PooledRecognizer(
            EngineSpec(choice.engine, choice.model, config["language"]),
            info,
            workers=config.integer("asr_workers"),
            max_sessions=CHANNELS_A_CALL * config.integer("max_calls"),
        )
    except HotlineError as error:
        return None, EngineInfo("off", "", f"语音识别不可用：{error}")
    return recognizer, info


def import_model(config: Config, source: Path, name: str | None = None) -> Path:
    """Install a Vosk model from a zip or a folder under its own name; return its folder. Raises: ModelError."""
    target = models_dir(config) / (name or source.name.removesuffix(".zip"))
    if source.is_dir():
        install_folder(source, target)
    else:
        known = {model.name: model.sha256 for model in (find(m) for m in DEFAULT_VOSK.values())}
        install_archive(source, target, known.get(target.name, ""))
    return target
