"""A request thread that outlives the server must not write into whatever file took its pipe's number."""

from __future__ import annotations

from pathlib import Path

from hotline.web_worker import LastingQueue


def test_a_late_thread_does_not_write_into_a_file_that_was_opened_meanwhile(tmp_path: Path) -> None:
    queue = LastingQueue()
    queue.init()
    queue.close()
    files = [(tmp_path / str(number)).open("wb") for number in range(8)]
    for _ in range(30):
        queue.defer(print)
    for file in files:
        file.close()
    assert all((tmp_path / str(number)).stat().st_size == 0 for number in range(8))
