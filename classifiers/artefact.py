"""A model travels whole: network, n-gram weights, tokenizer, label order, taxonomy version, data hash, metrics, checksum."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from classifiers.decision import Calibration, Mix
from hotline.errors import ModelError
from hotline.taxonomy import load_taxonomy

MANIFEST = "manifest.json"
WEIGHTS = "model.onnx"
TOKENIZER = "tokenizer.json"
NGRAMS = "ngrams.npz"
FORMAT = 3


@dataclass(frozen=True)
class Manifest:
    """`manifest.json` of a model folder."""

    version: str
    """Name of the model; stored with each of its predictions."""
    labels: tuple[str, ...]
    stages: tuple[str, ...]
    facts: tuple[str, ...]
    taxonomy_version: str
    data_hash: str
    base: str
    checksums: dict[str, str]
    """SHA-256 of each file beside the manifest."""
    calibration: Calibration = field(default=Calibration())
    metrics: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Store the manifest beside the files it describes."""
    text = json.dumps(asdict(manifest), ensure_ascii=False, indent=1)
    (folder / MANIFEST).write_text(text + "\n", "utf-8")


def _check_format(found: object) -> None:
    if found != FORMAT:
        raise ModelError("分类模型格式不符", expected=str(FORMAT), found=str(found), remedy="用本版本重新导出模型")


def read_manifest(folder: Path) -> Manifest:
    """Read and verify a model folder.

    Raises: ModelError when it is missing, incomplete, damaged or of another taxonomy.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ModelError(
            "分类模型文件夹不完整",
            expected=f"含 {MANIFEST} 的文件夹",
            found=folder.name,
            remedy="检查路径或重新导出模型",
        )
    try:
        values = json.loads(path.read_text("utf-8"))
        _check_format(values["format"])
        mixes = {name: Mix(**values["calibration"][name]) for name in ("labels", "stages", "facts")}
        values["calibration"] = Calibration(**values["calibration"] | mixes)
        for name in ("labels", "stages", "facts"):
            values[name] = tuple(values[name])
        manifest = Manifest(**values)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            "分类模型清单读不懂",
            expected=f"格式 {FORMAT} 的 {MANIFEST}",
            found=type(error).__name__,
            remedy="重新导出模型",
        ) from None
    if manifest.labels != load_taxonomy().codes:
        raise ModelError(
            "分类模型的标签与分类表不符",
            expected=f"分类表 {load_taxonomy().version}",
            found=manifest.taxonomy_version,
            remedy="用现行分类表重新训练",
        )
    for name, checksum in manifest.checksums.items():
        file = folder / name
        if not file.is_file() or sha256(file) != checksum:
            raise ModelError(
                "分类模型文件缺失或损坏", expected=f"{name} 与清单校验一致", found="不一致", remedy="重新取得该模型"
            )
    return manifest
