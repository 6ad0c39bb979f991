"""Waiting for a job of the real worker."""

from __future__ import annotations

import time
from collections.abc import Callable

from hotline.domain.job import Job
from hotline.hub import Hub


def wait_for(hub: Hub, job_id: str, ready: Callable[[Job], bool], patience_s: float = 240.0) -> Job:
    """Return the job once it is `ready`; fail at once when it has ended without."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        with hub.store.transaction() as uow:
            job = uow.job(job_id)
        if ready(job):
            return job
        assert job.is_open, job.message
        time.sleep(0.05)
    raise AssertionError(f"still {job.state} at {job.progress}: {job.message}")
