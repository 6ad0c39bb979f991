"""Audio files that operators play as calls: kept only while the call runs."""

from __future__ import annotations

import logging
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.datastructures import FileStorage

from hotline.domain.call import Call
from hotline.errors import InputError

if TYPE_CHECKING:
    from hotline.live import LiveCalls

log = logging.getLogger(__name__)

MAX_UPLOAD_BYTES = 1024**3


class Uploads:
    """The folder of uploaded files; what a dead process left in it is removed at start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left_over in folder.iterdir():
            left_over.unlink(missing_ok=True)

    def play(self, live: LiveCalls, upload: FileStorage, *, realtime: bool, operator_id: str) -> Call:
        """Play an upload as a call and delete it when the call has ended. Raises: InputError, AudioError."""
        if not upload.filename:
            raise InputError("没有选择文件", expected="一个音频文件", found="空", remedy="请选择文件后再提交")
        path = self._folder / f"{uuid.uuid4()}{Path(upload.filename).suffix[:8]}"
        try:
            upload.save(path)
            call = live.start_file(path, realtime=realtime, operator_id=operator_id)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        threading.Thread(target=self._delete_after, args=(live, call.id, path), daemon=True).start()
        return call

    def _delete_after(self, live: LiveCalls, call_id: str, path: Path) -> None:
        live.wait(call_id)
        path.unlink(missing_ok=True)
