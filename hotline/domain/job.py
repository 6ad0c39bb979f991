"""A job: long work that a page asks for and a worker process does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class JobState(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN_STATES = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class Job:
    """One piece of long work, as pages show it."""

    id: str
    kind: str
    arguments: Mapping[str, Any]
    asked_by: str
    asked_at: datetime
    state: JobState = JobState.QUEUED
    progress: float = 0.0
    """0 to 1."""
    message: str = ""
    """What is being done, or why it failed; no personal data."""
    result: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 0
    """How often a worker began it; more than one after a worker died."""
    owner: str = ""
    """The process that runs it."""
    beat_at: datetime | None = None
    """When its worker last said that it lives."""
    cancel_asked: bool = False
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Say whether the job is still to be finished."""
        return self.state in OPEN_STATES
