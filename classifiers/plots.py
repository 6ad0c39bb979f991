"""Pictures for docs/model-card.md from the JSON that `evaluate` writes: `python -m classifiers.plots FILE FOLDER`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from hotline.taxonomy import load_taxonomy

matplotlib.use("Agg")

from matplotlib import pyplot

INK, ACCENT, MUTED = "#1c2330", "#1f6feb", "#9aa5b4"


def draw(result: dict[str, Any], folder: Path) -> list[Path]:
    """Write confusion.png, reliability.png and earliness.png; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    name, row = next((n, r) for n, r in result["models"].items() if "confusion" in r)
    return [_confusion(row, name, folder), _reliability(row, name, folder), _earliness(row, name, folder)]


def _confusion(row: dict[str, Any], name: str, folder: Path) -> Path:
    counts = np.array(row["confusion"], dtype=float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    codes = load_taxonomy().codes
    figure, axes = pyplot.subplots(figsize=(9, 8))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(codes)), codes, rotation=60, ha="right")
    axes.set_yticks(range(len(codes)), codes)
    for i, j in np.argwhere(counts > 0):
        axes.text(j, i, str(int(counts[i, j])), ha="center", va="center", color="white" if shares[i, j] > 0.5 else INK)
    axes.set_xlabel("predicted")
    axes.set_ylabel("labelled")
    axes.set_title(f"Confusion on the test split, {name}")
    return _save(figure, folder / "confusion.png")


def _reliability(row: dict[str, Any], name: str, folder: Path) -> Path:
    figure, axes = pyplot.subplots(figsize=(6, 5))
    stated = [item["stated"] for item in row["reliability"]]
    observed = [item["observed"] for item in row["reliability"]]
    sizes = [20 + item["calls"] for item in row["reliability"]]
    axes.plot([0, 1], [0, 1], color=MUTED, linestyle="--", label="perfect")
    axes.scatter(stated, observed, s=sizes, color=ACCENT, label="bins (area: calls)")
    axes.set_xlabel("stated probability")
    axes.set_ylabel("share right")
    axes.set_title(f"Reliability, ECE {row['ece']:.3f}, {name}")
    axes.legend()
    return _save(figure, folder / "reliability.png")


def _earliness(row: dict[str, Any], name: str, folder: Path) -> Path:
    figure, axes = pyplot.subplots(figsize=(6, 5))
    shares = [100 * float(share) for share in row["early"]]
    for key, meaning, color, line in (
        ("right", "labelled right, all calls", ACCENT, "o-"),
        ("right_when_told", "labelled right, of those whose evidence has been said", INK, "s-"),
        ("told", "evidence has been said", MUTED, ".--"),
    ):
        axes.plot(shares, [100 * value[key] for value in row["early"].values()], line, color=color, label=meaning)
    axes.legend(loc="lower right")
    axes.set_ylim(0, 100)
    axes.set_xlabel("caller turns heard, %")
    axes.set_ylabel("calls, %")
    axes.grid(color="#e3e7ee")
    axes.set_title(f"How early the label is right, {name}")
    return _save(figure, folder / "earliness.png")


def _save(figure: Any, path: Path) -> Path:
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return path


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text("utf-8")), Path(sys.argv[2]))
