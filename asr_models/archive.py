"""Installing a model from a zip archive or a folder: checked first, put in place at once, nothing left on failure."""

from __future__ import annotations

import hashlib
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from asr_models.vosk_engine import check_vosk_model
from hotline.errors import ModelError

LARGEST_BYTES = 6_000_000_000
GREATEST_RATIO = 100
MOST_FILES = 5000
BLOCK = 1 << 20


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def install_archive(archive: Path, target: Path, checksum: str = "") -> None:
    """Unpack a Vosk model's zip as the folder `target`.

    Raises: ModelError for a wrong checksum, a damaged or malicious archive, or one that holds no model.
    """
    if not archive.is_file():
        raise ModelError("没有这个模型压缩包", expected="zip 文件", found=archive.name, remedy="检查路径")
    if checksum and sha256(archive) != checksum:
        raise ModelError("模型压缩包校验不符", expected=f"SHA-256 {checksum[:12]}…", found="不一致", remedy="重新下载")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpacking-") as scratch:
        folder = Path(scratch) / "model"
        try:
            with zipfile.ZipFile(archive) as packed:
                _check_members(packed.infolist())
                packed.extractall(folder)
        except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
            raise ModelError(
                "模型压缩包损坏", expected="完整的 zip 文件", found=type(error).__name__, remedy="重新下载"
            ) from None
        _put(_model_root(folder), target)


def install_folder(folder: Path, target: Path) -> None:
    """Copy an unpacked Vosk model as the folder `target`. Raises: ModelError."""
    root = _model_root(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".copying-") as scratch:
        copy = Path(scratch) / "model"
        shutil.copytree(root, copy)
        _put(copy, target)


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    """Refuse paths that leave the folder, links, and archives that unpack to far more than they are."""
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            raise ModelError(
                "模型压缩包不安全", expected="相对路径", found="指向文件夹之外的路径", remedy="不要使用该文件"
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise ModelError("模型压缩包不安全", expected="普通文件", found="符号链接", remedy="不要使用该文件")
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if len(members) > MOST_FILES or unpacked > LARGEST_BYTES or unpacked > GREATEST_RATIO * max(packed, 1):
        raise ModelError("模型压缩包不安全", expected="正常大小的模型", found="解压后过大", remedy="不要使用该文件")


def _model_root(folder: Path) -> Path:
    """Return the folder that holds the model: the given one or its only child. Raises: ModelError."""
    children = (
        [child for child in folder.iterdir() if not child.name.startswith((".", "__MACOSX"))] if folder.is_dir() else []
    )
    root = children[0] if len(children) == 1 and children[0].is_dir() else folder
    check_vosk_model(root)
    return root


def _put(source: Path, target: Path) -> None:
    if target.exists():
        shutil.rmtree(target)
    source.rename(target)
