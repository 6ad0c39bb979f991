"""The scam-type classifier: data, training, evaluation, export and prediction."""

from __future__ import annotations

from pathlib import Path

from hotline.ports import Classifier


def load_classifier(folder: Path | None = None) -> Classifier:
    """Return the classifier of a model folder, or the shipped one. Raises: ModelError."""
    from classifiers.predictor import SHIPPED, OnnxClassifier

    return OnnxClassifier(folder or SHIPPED, threads=2)
