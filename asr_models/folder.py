"""A model folder: of which kind it is, whether it is complete, and the manifest written when it is installed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from asr_models.registry import ENGINES
from hotline.errors import ModelError

MANIFEST = "hotline-model.json"
BLOCK = 1 << 20
NAME_PARTS = {"cn": "zh", "ko": "ko"}


def check_folder(folder: Path, engine: str | None = None) -> str:
    """Return the engine that a complete model folder is for.

    Native code must not see an incomplete one: Kaldi then aborts its process.
    Raises: ModelError, also when the folder is complete but for another engine than `engine`.
    """
    if not folder.is_dir():
        found = "是文件，不是文件夹" if folder.exists() else "不存在"
        raise ModelError("没有这个语音模型文件夹", expected="解压后的模型文件夹", found=found, remedy="请核对路径")
    wanted = {name: kind.layouts for name, kind in ENGINES.items() if engine in (None, name)}
    lacking: list[list[str]] = []
    for kind, layouts in wanted.items():
        for layout in layouts:
            missing = [name for name in layout if not _has_content(folder / name)]
            if not missing:
                return kind
            lacking.append(missing)
    raise ModelError(
        "语音模型文件夹不完整或类型不符",
        expected="、".join(sorted(lacking, key=len)[0]),
        found="这些文件缺失或为空",
        remedy="请重新下载或导入该模型",
    )


def write_manifest(folder: Path, language: str) -> None:
    """Note the language and the SHA-256 of every file, so that `verify` can find damage later."""
    files = {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }
    body = {"language": language, "files": files}
    (folder / MANIFEST).write_text(json.dumps(body, ensure_ascii=False, indent=1), "utf-8")


def language_of(folder: Path) -> str:
    """Return the language of a model: from its manifest, else from its name as Vosk names models; '' if unknown."""
    try:
        return str(json.loads((folder / MANIFEST).read_text("utf-8"))["language"])
    except (OSError, ValueError, KeyError, TypeError):
        parts = folder.name.split("-")
        return next((language for part, language in NAME_PARTS.items() if part in parts), "")


def verify_folder(folder: Path) -> int:
    """Compare every file with the manifest; return their number. Raises: ModelError for the first that differs."""
    check_folder(folder)
    try:
        files: dict[str, str] = json.loads((folder / MANIFEST).read_text("utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        raise ModelError("模型没有校验清单", expected=MANIFEST, found="缺失或损坏", remedy="请重新导入该模型") from None
    for name, digest in files.items():
        path = folder / name
        if not path.is_file() or sha256(path) != digest:
            raise ModelError(
                "语音模型已损坏", expected="与安装时一致", found=f"{name} 不一致", remedy="请重新导入该模型"
            )
    return len(files)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _has_content(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0
