"""Long jobs in a real worker process: done, failed, cancelled, and gone on with after kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hotline.domain.job import Job, JobState
from hotline.errors import ConfigError, InputError, StateError
from hotline.hub import Hub
from hotline.job_process import JobWorkerProcess
from hotline.jobs import MOST_ATTEMPTS, cancel_job, job_folder, run_job, start_job
from hotline.queues.huey_queue import build_queue
from tests.conftest import MakeHub, Services
from tests.job_waits import wait_for
from tests.job_worker import FUNCTIONS, STEPS

ROOT = Path(__file__).parent.parent
PATIENCE_S = 60.0
StartWorker = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def asking(make_hub: MakeHub, tmp_path: Path, services: Services) -> Hub:
    """A hub that asks for jobs, as the console does."""
    queue = build_queue(services.jobs_url, tmp_path, 1)
    return make_hub(services.settings(), queue=queue, job_kinds=tuple(FUNCTIONS))


@pytest.fixture
def worker(tmp_path: Path, services: Services) -> Iterator[StartWorker]:
    """Start worker processes; they end with the test."""
    started: list[subprocess.Popen[bytes]] = []
    command = [sys.executable, "-m", "tests.job_worker", str(tmp_path)]

    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(command, cwd=ROOT, env={**os.environ, **services.settings()}))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def over(job: Job) -> bool:
    return not job.is_open


def test_jobs_end_as_their_functions_do(asking: Hub, worker: StartWorker) -> None:
    wanted = [("count", {"step_s": 0}), ("fail", {"how": "input"}), ("fail", {"how": "bug"})]
    ids = [start_job(asking, kind, arguments, "u1").id for kind, arguments in wanted]
    worker()
    done, wrong, bug = (wait_for(asking, job_id, over, PATIENCE_S) for job_id in ids)
    assert (done.state, done.progress, done.result["steps"], done.asked_by) == (JobState.DONE, 1.0, STEPS, "u1")
    assert wrong.state is JobState.FAILED and "第 3 行" in wrong.message
    assert bug.state is JobState.FAILED and "ZeroDivisionError" in bug.message
    assert not job_folder(asking, done.id).exists()


def test_a_job_goes_on_after_kill_9(asking: Hub, worker: StartWorker) -> None:
    process = worker()
    job = start_job(asking, "count", {"step_s": 0.1}, "u1")
    wait_for(asking, job.id, lambda job: job.progress >= 0.2, PATIENCE_S)
    process.send_signal(signal.SIGKILL)
    process.wait()
    worker()
    ended = wait_for(asking, job.id, over, PATIENCE_S)
    assert ended.state is JobState.DONE and ended.attempts == 2
    assert ended.result["began_at"] >= 4 and ended.result["lines"] == STEPS


def test_a_running_and_a_waiting_job_are_cancelled(asking: Hub, worker: StartWorker) -> None:
    waiting = start_job(asking, "count", {"step_s": 0}, "u1")
    assert cancel_job(asking, waiting.id, "u1").state is JobState.CANCELLED
    worker()
    running = start_job(asking, "count", {"step_s": 0.3}, "u1")
    wait_for(asking, running.id, lambda job: job.state is JobState.RUNNING, PATIENCE_S)
    cancel_job(asking, running.id, "u1")
    ended = wait_for(asking, running.id, over, PATIENCE_S)
    assert ended.state is JobState.CANCELLED and ended.progress < 1
    with pytest.raises(StateError):
        cancel_job(asking, running.id, "u1")
    with asking.store.transaction() as uow:
        assert uow.job(waiting.id).attempts == 0


def test_a_job_that_kills_its_workers_is_given_up(asking: Hub) -> None:
    job = start_job(asking, "count", {"step_s": 0}, "u1")
    for _ in range(MOST_ATTEMPTS):
        with asking.store.transaction() as uow:
            claimed = uow.claim_job(job.id, asking.clock())
            assert claimed and uow.claim_job(job.id, asking.clock()) is None
            assert uow.requeue_lost_jobs(asking.clock(), -1) == [job.id]
    run_job(asking, FUNCTIONS, job.id)
    with asking.store.transaction() as uow:
        assert uow.job(job.id).state is JobState.FAILED


def test_unknown_kinds_and_queues_are_refused(asking: Hub, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="count、fail"):
        start_job(asking, "dance", {}, "u1")
    with pytest.raises(ConfigError, match="amqp"):
        build_queue("amqp://host", tmp_path, 1)


def test_the_console_replaces_a_killed_worker_and_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    keeper = JobWorkerProcess()
    first = keeper.pid
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_S
    while keeper.pid == first and time.monotonic() < deadline:
        time.sleep(0.05)
    second = keeper.pid
    assert second != first
    keeper.close()
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)
