"""Downloading a model: resumed where it broke off, checked, installed at once. An absent host costs seconds."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
from tqdm import tqdm

from asr_models.archive import install_archive
from asr_models.catalogue import SpeechModel
from hotline.errors import ExternalError

CONNECT_S = 4.0
READ_S = 20.0


class HostUnreachable(ExternalError):
    """The model's host cannot be reached from here."""


def fetch(model: SpeechModel, models_dir: Path, mirror: str = "") -> Path:
    """Download and install a model; return its folder.

    `mirror` replaces the host's address. Proxies come from the environment, as httpx reads them.
    Raises: HostUnreachable within about five seconds when the host is away, ExternalError when the
    download breaks off (run it again to go on), ModelError when what came is not the model.
    """
    address = f"{mirror.rstrip('/')}/{model.address.rsplit('/', 1)[-1]}" if mirror else model.address
    models_dir.mkdir(parents=True, exist_ok=True)
    part = models_dir / f"{model.name}.zip.part"
    _download(address, part, model)
    target = models_dir / model.name
    try:
        install_archive(part, target, model.sha256)
    finally:
        part.unlink(missing_ok=True)
    return target


def _download(address: str, part: Path, model: SpeechModel) -> None:
    done = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={done}-"} if done else {}
    started = time.monotonic()
    timeout = httpx.Timeout(READ_S, connect=CONNECT_S)
    try:
        with (
            httpx.Client(timeout=timeout, follow_redirects=True) as client,
            client.stream("GET", address, headers=headers) as answer,
        ):
            if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return
            answer.raise_for_status()
            resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
            with (
                part.open("ab" if resumed else "wb") as file,
                tqdm(
                    total=model.size_bytes, initial=done if resumed else 0, unit="B", unit_scale=True, desc=model.name
                ) as bar,
            ):
                for block in answer.iter_bytes():
                    file.write(block)
                    bar.update(len(block))
    except httpx.TransportError as error:
        early = time.monotonic() - started < CONNECT_S + 1
        kind = HostUnreachable if early and not part.exists() else ExternalError
        raise kind(
            f"无法下载 {model.name}",
            expected="能连上模型下载地址",
            found=type(error).__name__,
            remedy="设置镜像 HOTLINE_ASR_MIRROR，或用 python -m asr_models import 导入",
        ) from None
    except httpx.HTTPStatusError as error:
        raise HostUnreachable(
            f"无法下载 {model.name}",
            retryable=False,
            expected="HTTP 200",
            found=f"HTTP {error.response.status_code}",
            remedy="检查镜像地址，或用 python -m asr_models import 导入",
        ) from None
