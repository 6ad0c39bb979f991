"""Downloading a model: resumed where it broke off, checked, installed at once. An absent host costs seconds."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
from tqdm import tqdm

from asr_models.catalogue import SpeechModel
from asr_models.install import install
from hotline.errors import ExternalError, ModelError

ANSWER_S = 4.5
"""Longest wait for the host's first answer: looking up its name, connecting and all."""
READ_S = 20.0
REMEDY = "可设置镜像 HOTLINE_ASR_MIRROR，或用 python -m asr_models import 从 U 盘导入"


def fetch(model: SpeechModel, models_dir: Path, mirror: str = "") -> Path:
    """Download and install a model; return its folder. What a broken download left is used the next time.

    `mirror` replaces the host's address. Proxies come from the environment, as httpx reads them.
    Raises: ExternalError when the host does not answer (within `ANSWER_S`) or the download breaks off,
    ModelError when the model cannot be downloaded or what came is not the model.
    """
    if not model.address.startswith("https://"):
        raise ModelError(f"{model.name} 不能下载", expected="可下载的模型", found=model.address, remedy="请用 pip 安装")
    address = f"{mirror.rstrip('/')}/{model.address.rsplit('/', 1)[-1]}" if mirror else model.address
    models_dir.mkdir(parents=True, exist_ok=True)
    part = models_dir / f".{model.name}.zip.part"
    try:
        _download(address, part, model)
    except httpx.HTTPStatusError as error:
        status = f"HTTP {error.response.status_code}"
        raise ExternalError(
            f"无法下载 {model.name}", retryable=False, expected="HTTP 200", found=status, remedy=REMEDY
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
        raise ExternalError(
            f"无法下载 {model.name}", expected="能连上模型下载地址", found=type(error).__name__, remedy=REMEDY
        ) from None
    try:
        return install(part, models_dir / model.name, model.language, model.sha256)
    finally:
        part.unlink(missing_ok=True)


def _download(address: str, part: Path, model: SpeechModel) -> None:
    done = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={done}-"} if done else {}
    with _answer(address, headers) as answer:
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            return
        answer.raise_for_status()
        resumed = answer.status_code == httpx.codes.PARTIAL_CONTENT
        received = done if resumed else 0
        with (
            part.open("ab" if resumed else "wb") as file,
            tqdm(total=model.size_bytes, initial=received, unit="B", unit_scale=True, desc=model.name) as bar,
        ):
            for block in answer.iter_bytes():
                received += len(block)
                if received > model.size_bytes:
                    file.truncate(0)
                    raise ModelError(
                        "下载内容不是该模型", expected=f"{model.size_bytes} 字节", found="超出此大小", remedy=REMEDY
                    )
                file.write(block)
                bar.update(len(block))
    if received < model.size_bytes:
        raise httpx.RemoteProtocolError("the download ended early")


@contextlib.contextmanager
def _answer(address: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
    """Yield the host's streaming answer. Raises: TimeoutError when none comes within `ANSWER_S`.

    The waiting is done in another thread, since no time-out of the library covers a name server that is away.
    """
    timeout = httpx.Timeout(READ_S, connect=ANSWER_S)
    client = httpx.Client(timeout=timeout, follow_redirects=True)
    answers: list[httpx.Response | Exception] = []
    answered = threading.Event()

    def ask() -> None:
        try:
            answers.append(client.send(client.build_request("GET", address, headers=headers), stream=True))
        except Exception as error:  # handed to the waiting thread
            answers.append(error)
        answered.set()

    threading.Thread(target=ask, name="model-host", daemon=True).start()
    if not answered.wait(ANSWER_S):
        raise TimeoutError
    try:
        if isinstance(answers[0], Exception):
            raise answers[0]
        yield answers[0]
        answers[0].close()
    finally:
        client.close()
