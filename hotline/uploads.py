"""Recordings that somebody hands in: taken here, decoded and transcribed by the job worker.

A damaged or hostile file can take down the process that decodes it, so the web process only stores the bytes.
"""

from __future__ import annotations

import re
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from hotline import jobs
from hotline.config import Config
from hotline.domain.job import Job
from hotline.errors import CapacityError, InputError
from hotline.hub import Hub
from hotline.privacy import mask_text

KIND = "upload"
FREE_BYTES_KEPT = 512 * 1024**2
LEFT_OVER_S = 86_400.0
"""A file that no job has taken away after so long belongs to nobody."""
NAME_LENGTH = 120
SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")
MIRRORED = "mirrored"
LAYOUTS = ("", MIRRORED)
"""Which side is which: left operator and right caller, mono caller; or the other way round."""


def inbox(config: Config) -> Path:
    """Return the folder in which files wait for the worker."""
    folder = config.data_dir / "inbox"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def most_bytes(config: Config) -> int:
    """Return how large a file may be."""
    return config.integer("upload_mb") * 1024**2


def take_upload(hub: Hub, pieces: Iterator[bytes], size: int | None, name: str, layout: str, actor: str) -> Job:
    """Store a file and ask for its transcription. `size` is what was announced. Raises: InputError, CapacityError."""
    if layout not in LAYOUTS:
        raise InputError("声道排列不对", expected="空或 mirrored", found=layout[:20], remedy="请刷新页面")
    _check_room(hub, size, actor)
    suffix = Path(name).suffix.lower()
    path = inbox(hub.config) / f"{uuid.uuid4()}{suffix if SUFFIX.fullmatch(suffix) else ''}"
    try:
        stored = _store(pieces, path, most_bytes(hub.config))
        if size is not None and stored != size:
            raise InputError("文件没有传完", expected=f"{size} 字节", found=f"{stored} 字节", remedy="请重新上传")
        shown = mask_text(name)[:NAME_LENGTH]
        return jobs.start_job(hub, KIND, {"file": path.name, "name": shown, "size": stored, "layout": layout}, actor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def uploads_of(hub: Hub, actor: str, limit: int = 100) -> list[Job]:
    """Return somebody's uploads, newest first."""
    with hub.store.transaction() as uow:
        found = uow.jobs(kind=KIND, limit=10 * limit)
    return [job for job in found if job.asked_by == actor][:limit]


def clean_inbox(config: Config) -> None:
    """Remove files that nobody took away."""
    for path in inbox(config).iterdir():
        if time.time() - path.stat().st_mtime > LEFT_OVER_S:
            path.unlink(missing_ok=True)


def _check_room(hub: Hub, size: int | None, actor: str) -> None:
    most, most_files = most_bytes(hub.config), hub.config.integer("upload_files")
    if size is not None and size > most:
        raise _too_large(most, size)
    if size == 0:
        raise InputError("录音文件是空的", expected="一个录音文件", found="0 字节", remedy="请重新选择文件")
    waiting = sum(job.is_open for job in uploads_of(hub, actor, most_files + 1))
    if waiting >= most_files:
        raise CapacityError(
            "等待转写的录音太多",
            expected=f"不超过 {most_files} 个",
            found=f"{waiting} 个",
            remedy="请等前面的完成后再上传",
        )
    if shutil.disk_usage(hub.config.data_dir).free < (size or most) + FREE_BYTES_KEPT:
        raise CapacityError("磁盘空间不足", found="剩余空间不够存放此文件", remedy="请联系管理员清理磁盘")


def _store(pieces: Iterator[bytes], path: Path, most: int) -> int:
    stored = 0
    with path.open("wb") as file:
        for piece in pieces:
            stored += len(piece)
            if stored > most:
                raise _too_large(most, stored)
            file.write(piece)
    if not stored:
        raise InputError("录音文件是空的", expected="一个录音文件", found="0 字节", remedy="请重新选择文件")
    return stored


def _too_large(most: int, found: int) -> InputError:
    return InputError(
        "录音文件太大",
        expected=f"不超过 {most // 1024**2} MB",
        found=f"{found / 1024**2:.0f} MB",
        remedy="请压缩或分段后再上传",
    )
