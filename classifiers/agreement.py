"""How far two people agree."""

from __future__ import annotations

from collections.abc import Sequence


def cohen_kappa(first: Sequence[str], second: Sequence[str]) -> float:
    """Return Cohen's kappa of two people's labels, in [-1, 1]; higher is better, 0 is chance."""
    from sklearn.metrics import cohen_kappa_score

    return float(cohen_kappa_score(list(first), list(second)))
