"""Installing a model from a zip archive or a folder: checked first, put in place at once, nothing left on failure."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from asr_models.folder import check_folder, sha256, write_manifest
from hotline.errors import ModelError

LARGEST_BYTES = 6_000_000_000
GREATEST_RATIO = 100
MOST_FILES = 5000
SCRATCH_PREFIX = ".installing-"
LOCK_FILE = ".installing.lock"
"""Held while a model is installed: another installation waits, and what lies about without it was left behind."""


def install(source: Path, target: Path, language: str, checksum: str = "") -> Path:
    """Install the model in a zip file or a folder as `target`, replacing what is there, and return `target`.

    Raises: ModelError for a wrong checksum, a damaged or malicious archive, or something that is no model.
    """
    if not source.exists():
        raise ModelError("没有这个模型文件", expected="zip 文件或模型文件夹", found="不存在", remedy="请核对路径")
    if checksum and source.is_file() and sha256(source) != checksum:
        raise ModelError(
            "模型压缩包校验不符", expected=f"SHA-256 {checksum[:12]}…", found="不一致", remedy="请重新下载或重新复制"
        )
    with scratch_folder(target.parent) as scratch:
        unpacked = scratch / "unpacked"
        if source.is_dir():
            _copy(_model_root(source), unpacked)
        else:
            _unpack(source, unpacked)
        root = _model_root(unpacked)
        write_manifest(root, language)
        put_in_place(root, target, scratch)
    return target


@contextlib.contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """Yield a folder beside the models, which is removed at the end; so are those of processes that were killed."""
    parent.mkdir(parents=True, exist_ok=True)
    with (parent / LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left in parent.glob(SCRATCH_PREFIX + "*/"):
            shutil.rmtree(left, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=parent, prefix=SCRATCH_PREFIX) as scratch:
            yield Path(scratch)


def put_in_place(source: Path, target: Path, scratch: Path) -> None:
    """Make `source` the folder `target` by renaming; the former one leaves by renaming, too."""
    if target.exists():
        target.rename(scratch / "former")
    source.rename(target)


def _unpack(archive: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as packed:
            _check_members(packed.infolist(), archive.stat().st_size)
            packed.extractall(target)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeError) as error:
        raise ModelError(
            "模型压缩包损坏",
            expected="完整、未加密的 zip 文件",
            found=type(error).__name__,
            remedy="请重新下载或重新复制",
        ) from None
    except OSError as error:
        raise ModelError(
            "模型压缩包无法解压", expected="足够的磁盘空间和写权限", found=str(error.strerror), remedy="请检查磁盘"
        ) from None


def _copy(source: Path, target: Path) -> None:
    """Copy a model folder. Raises: ModelError for links and special files, which a model never has."""
    for path in source.rglob("*"):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ModelError(
                "模型文件夹不安全",
                expected="普通文件",
                found=f"{path.name} 是链接或特殊文件",
                remedy="请不要使用该文件夹",
            )
    try:
        shutil.copytree(source, target)
    except OSError as error:
        raise ModelError(
            "模型文件夹无法复制", expected="足够的磁盘空间和读写权限", found=str(error.strerror), remedy="请检查磁盘"
        ) from None


def _check_members(members: list[zipfile.ZipInfo], archive_bytes: int) -> None:
    """Refuse paths that leave the folder, links, and archives that unpack to far more than they are.

    The archive's own size counts, not what its members claim: members of a bomb may share the same bytes.
    """
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or any(":" in part for part in path.parts):
            raise _unsafe("相对路径", "指向文件夹之外的路径")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise _unsafe("普通文件", "符号链接")
    unpacked = sum(member.file_size for member in members)
    if len(members) > MOST_FILES or unpacked > min(LARGEST_BYTES, GREATEST_RATIO * archive_bytes):
        raise _unsafe("正常大小的模型", "解压后过大")


def _unsafe(expected: str, found: str) -> ModelError:
    return ModelError("模型压缩包不安全", expected=expected, found=found, remedy="请不要使用该文件")


def _model_root(folder: Path) -> Path:
    """Return the folder that holds the model: the given one or its only child. Raises: ModelError."""
    children = [child for child in folder.iterdir() if not child.name.startswith((".", "__MACOSX"))]
    root = children[0] if len(children) == 1 and children[0].is_dir() else folder
    check_folder(root)
    return root
