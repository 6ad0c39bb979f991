"""A job worker with two kinds of job for tests: `python -m tests.job_worker DATA_DIR`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from hotline import jobs
from hotline.bootstrap import build
from hotline.config import Config
from hotline.errors import InputError
from hotline.job_ports import JobRun

STEPS = 20


def count(run: JobRun) -> Mapping[str, Any]:
    """Count to `STEPS`, a step a line of the checkpoint; goes on where the file ends."""
    path = run.folder / "steps"
    done = len(path.read_text().splitlines()) if path.exists() else 0
    began = done
    while done < STEPS:
        with path.open("a") as file:
            file.write(f"{done}\n")
        done += 1
        run.report(done / STEPS, f"{done}")
        time.sleep(float(run.arguments["step_s"]))
    return {"steps": done, "began_at": began, "lines": len(path.read_text().splitlines())}


def fail(run: JobRun) -> Mapping[str, Any]:
    """Fail as `how` says: with an error of ours, a bug, or by ending the process."""
    if run.arguments["how"] == "bug":
        raise ZeroDivisionError
    raise InputError("文件不对", expected="一行一个 JSON", found="第 3 行", remedy="请改正")


FUNCTIONS = {"count": count, "fail": fail}


def main() -> None:
    settings = {**os.environ, "HOTLINE_DATA_DIR": sys.argv[1], "HOTLINE_JOB_WORKER": "external"}
    hub = build(Config(settings), with_recognizer=False, with_classifier=False, with_dispatcher=False)
    jobs.work(hub, FUNCTIONS)


if __name__ == "__main__":
    main()
