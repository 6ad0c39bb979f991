"""The seams of labelling, data sets and models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from hotline.domain.datasets import Dataset, Example
from hotline.domain.labels import CallLabel, Candidate
from hotline.domain.model import ModelRecord, Promotion

if TYPE_CHECKING:
    from hotline.ports import Classifier


class TrainingUnitOfWork(Protocol):
    """The part of a transaction that deals with labels, data sets and models."""

    def add_label(self, label: CallLabel) -> CallLabel:
        """Store what a person said of a call; it replaces what the same person said before."""

    def labels(self, call_id: str | None = None) -> list[CallLabel]:
        """Return what counts now: the newest word of each person on each call, pre-labels included."""

    def undo_label(self, user_id: str) -> CallLabel | None:
        """Take back the newest hand-made label of a person and return it; None when there is none."""

    def label_candidates(self, limit: int) -> list[Candidate]:
        """Return finished calls with text, newest first."""

    def save_examples(self, examples: Sequence[Example], at: datetime) -> None:
        """Store imported labelled calls; one with a known id is replaced."""

    def examples(self) -> list[Example]:
        """Return all imported labelled calls."""

    def add_dataset(self, dataset: Dataset, examples: Sequence[Example]) -> None:
        """Store a data set for good."""

    def datasets(self, kind: str) -> list[Dataset]:
        """Return data sets or test sets, newest first."""

    def dataset_examples(self, kind: str, number: int) -> list[Example]:
        """Return what a set holds. Raises: NotFoundError."""

    def add_model(self, model: ModelRecord) -> None:
        """Store a trained model."""

    def models(self) -> list[ModelRecord]:
        """Return the models trained here, newest first."""

    def add_promotion(self, promotion: Promotion) -> None:
        """Put a model into use."""

    def promotions(self, limit: int = 20) -> list[Promotion]:
        """Return what was put into use, newest first."""

    def current_model(self) -> str:
        """Return the version that new calls use; empty for the shipped model."""


class ModelLibrary(Protocol):
    """Where model folders live. Thread-safe."""

    shipped_version: str

    def get(self, version: str) -> Classifier | None:
        """Return a loaded model; None when it is not there. The empty version is the shipped one."""

    def folder(self, version: str) -> Path:
        """Return the folder of a version, whether it exists or not."""

    def add(self, folder: Path) -> str:
        """Take over a finished model folder under its version; return the checksum. Raises: ModelError."""


@dataclass(frozen=True)
class TrainingOrder:
    """What a trainer ordered."""

    version: str
    start: Path
    """Model folder to go on from."""
    encoder: str
    """Folder of a pretrained encoder to start from afresh; empty to go on from `start`."""
    calls: Path
    """JSONL of the data set's training and validation calls."""
    with_own_data: bool
    """Also train on the data set that comes with the project."""
    epochs: int
    most_steps: int
    """Training ends after so many steps; 0 means after the epochs."""
    work: Path
    """Folder of checkpoints; training goes on from what it finds there."""
    output: Path


Report = Callable[[float, str], None]
"""Takes progress in [0, 1] and a message; raises when the job was cancelled."""


class ModelTrainer(Protocol):
    """Makes and compares models. Its methods need the training packages and are slow: worker process only."""

    def retrain(self, order: TrainingOrder, report: Report) -> None:
        """Write a finished model folder to `order.output`. Raises: ModelError, DatasetError, ConfigError."""

    def compare(self, folders: Mapping[str, Path], tests: Mapping[str, Path | None], report: Report) -> dict[str, Any]:
        """Measure models (name to folder) on test sets (name to JSONL, None for the project's own)."""


Kappa = Callable[[Sequence[str], Sequence[str]], float]
"""Takes two people's labels of the same calls and returns Cohen's kappa, in [-1, 1]; higher is better."""
