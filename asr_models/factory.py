"""From settings to a running recogniser."""

from __future__ import annotations

import logging
import os
from pathlib import Path, PurePath

from asr_models.catalogue import CATALOGUE, DEFAULT_VOSK
from asr_models.choice import Available, Choice, choose
from asr_models.embedded import install_whisper_base, vosk_korean
from asr_models.engine import EngineSpec
from asr_models.folder import check_folder, language_of
from asr_models.install import install
from hotline.config import Config
from hotline.errors import ExternalError, HotlineError, ModelError
from hotline.ports import EngineInfo, Recognizer

log = logging.getLogger(__name__)

CHANNELS_A_CALL = 2
PROBLEM_FILE = "vosk-problem.txt"


def models_dir(config: Config) -> Path:
    """Return the folder of installed speech models."""
    return config.data_dir / "models"


def installed(config: Config) -> list[Path]:
    """Return the complete model folders, those of the catalogue first."""
    names = [model.name for model in CATALOGUE]
    found = []
    for folder in models_dir(config).glob("[!.]*/"):
        try:
            check_folder(folder)
        except ModelError:
            continue
        found.append(folder)
    return sorted(found, key=lambda folder: (folder.name not in names, folder.name != DEFAULT_VOSK["zh"], folder.name))


def find_vosk(config: Config) -> Path | None:
    """Return an installed Vosk model of the configured language, the default one first."""
    language = config["language"]
    for folder in installed(config):
        if language_of(folder) == language and check_folder(folder) == "vosk":
            return folder
    return vosk_korean() if language == "ko" else None


def ensure(config: Config) -> Choice:
    """Obtain a model for the configured language: what is there, else a download, else the embedded Whisper.

    An absent host costs at most five seconds. Raises: ModelError when there is none at all.
    """
    from asr_models.fetch import fetch

    problem = ""
    if config["asr_engine"] in ("auto", "vosk") and not config["asr_model"] and find_vosk(config) is None:
        model = next(model for model in CATALOGUE if model.name == DEFAULT_VOSK[config["language"]])
        try:
            fetch(model, models_dir(config), config["asr_mirror"])
        except ExternalError:
            problem = "下载地址连不上"
        except ModelError as error:
            problem = error.message
    models_dir(config).mkdir(parents=True, exist_ok=True)
    (models_dir(config) / PROBLEM_FILE).write_text(problem, "utf-8")
    return chosen(config)


def chosen(config: Config) -> Choice:
    """Choose among the models that are installed, without any download. Raises: ModelError."""
    wanted = config["asr_engine"]
    if wanted == "off":
        return choose(wanted, None, Available())
    if config["asr_model"]:
        folder = Path(config["asr_model"]).resolve()
        return choose(wanted, (check_folder(folder), folder), Available())
    problem_file = models_dir(config) / PROBLEM_FILE
    problem = problem_file.read_text("utf-8") if problem_file.is_file() else ""
    vosk = find_vosk(config) if wanted != "whisper" else None
    whisper: Path | None = None
    if vosk is None and wanted != "vosk":
        try:
            whisper = install_whisper_base(models_dir(config))
        except ModelError as error:
            problem = problem or error.message
    return choose(wanted, None, Available(vosk, whisper, problem), config["language"])


def build_recognizer(config: Config) -> tuple[Recognizer | None, EngineInfo]:
    """Start the chosen recogniser; (None, why) when recognition is off or cannot run.

    A Vosk model that was found but cannot be loaded gives way to Whisper, unless Vosk was asked for.
    """
    try:
        choice = chosen(config)
        if choice.engine == "off":
            return None, EngineInfo("off", "", choice.reason)
        try:
            return _start(config, choice)
        except ModelError as error:
            if choice.engine != "vosk" or config["asr_engine"] != "auto" or config["asr_model"]:
                raise
            log.error("vosk model cannot be loaded", extra={"model": str(choice.model)})
            fallback = Available(None, install_whisper_base(models_dir(config)), f"已安装但无法加载：{error.found}")
            return _start(config, choose("auto", None, fallback, config["language"]))
    except HotlineError as error:
        return None, EngineInfo("off", "", f"语音识别不可用：{error}")


def _start(config: Config, choice: Choice) -> tuple[Recognizer, EngineInfo]:
    from asr_models.pool import PooledRecognizer

    assert choice.model
    info = EngineInfo(choice.engine, choice.model.name, choice.reason)
    recognizer = PooledRecognizer(
        engine_spec(config, choice.engine, choice.model),
        info,
        workers=config.integer("asr_workers"),
        max_sessions=CHANNELS_A_CALL * config.integer("max_calls"),
        spare=config["asr_spare"] == "1",
    )
    return recognizer, info


def engine_spec(config: Config, engine: str, model: Path) -> EngineSpec:
    """Return what the settings want of an engine. Raises: ModelError when the phrase list cannot be read."""
    return EngineSpec(
        engine,
        model,
        config["language"],
        threads=max(1, (os.cpu_count() or 1) // config.integer("asr_workers")),
        alternatives=config.integer("asr_alternatives"),
        pause_s=config.number("asr_pause_s"),
        longest_s=config.number("asr_longest_s"),
        phrases=_phrases(config["asr_phrases"]),
    )


def _phrases(path: str) -> tuple[str, ...]:
    if not path:
        return ()
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        found = type(error).__name__
        raise ModelError("词表读不出来", expected="UTF-8 文本，每行一个词语", found=found, remedy="核对路径") from None
    return tuple(filter(None, map(str.strip, lines)))


def import_model(config: Config, source: Path, name: str | None = None) -> Path:
    """Install a model of the configured language from a zip or a folder; return its folder.

    `name` defaults to that of the source. Known archives must have the catalogue's checksum. Raises: ModelError.
    """
    name = name or source.resolve().name.removesuffix(".zip")
    if name != PurePath(name).name or name.startswith(".") or not name:
        raise ModelError("模型名称不能使用", expected="不含路径的名称", found="含路径或以点开头", remedy="请换一个名称")
    known = next((model for model in CATALOGUE if model.name == name), None)
    checksum = known.sha256 if known and source.is_file() and known.engine == "vosk" else ""
    return install(source, models_dir(config) / name, known.language if known else config["language"], checksum)
