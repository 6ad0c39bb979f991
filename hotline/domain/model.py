"""Trained models and which of them is in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

SHIPPED = ""
"""Stands for the model that came with the project."""


@dataclass(frozen=True)
class ModelRecord:
    """A model that was trained here."""

    version: str
    """Every prediction of it carries this name."""
    made_at: datetime
    made_by: str
    dataset: int
    parent: str
    """Version that training started from; empty for a pretrained encoder."""
    checksum: str
    """SHA-256 of the manifest, which holds those of all files."""
    comparison: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Promotion:
    """From this moment on new calls use this model."""

    version: str
    at: datetime
    by: str
