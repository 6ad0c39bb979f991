"""Draws the character error rate by telephone condition from what `python -m asr_models evaluate --results` kept.

python -m benchmarks.telephone_plot MANIFEST RESULTS PICTURE
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib
import numpy as np

from asr_models.evaluation import Figures, Heard, by_group, read_manifest
from benchmarks.report import machine

matplotlib.use("Agg")

from matplotlib import pyplot

PLAIN, CANONICAL, GRID = "#9aa5b4", "#1f6feb", "#e3e7ee"
WIDTH = 0.38


def rows(manifest: Path, results: Path) -> list[Figures]:
    """Return the figures of all files, then of each condition and each voice."""
    kept = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    heard = {row.pop("audio"): Heard(**row) for row in kept}
    return by_group([(one, heard[str(one.audio)]) for one in read_manifest(manifest) if str(one.audio) in heard])


def draw(found: list[Figures], path: Path) -> None:
    """Write a picture with two bars a group."""
    figure, axes = pyplot.subplots(figsize=(9, 0.5 * len(found) + 1.6))
    places = np.arange(len(found))[::-1]
    for offset, color, label, rates in (
        (WIDTH / 2, PLAIN, "as written", [100 * row.plain.rate for row in found]),
        (-WIDTH / 2, CANONICAL, "spoken numbers as digits on both sides", [100 * row.canonical.rate for row in found]),
    ):
        bars = axes.barh(places + offset, rates, WIDTH, color=color, label=label)
        axes.bar_label(bars, fmt="%.1f", padding=3, fontsize=8)
    names = [row.group.split(" ", 1)[-1] if row.group.startswith("全部") else row.group for row in found]
    axes.set_yticks(places, [f"{name} ({row.utterances})" for name, row in zip(names, found, strict=True)])
    axes.set_xlabel("character error rate, %")
    axes.set_xlim(0, 1.12 * max(100 * row.plain.rate for row in found))
    axes.set_axisbelow(True)
    axes.grid(axis="x", color=GRID)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"Synthetic Mandarin by telephone condition and voice (files), {machine()['date']}", fontsize=10)
    figure.legend(loc="lower center", ncols=2, frameon=False, fontsize=9)
    figure.tight_layout(rect=(0, 0.05, 1, 1))
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def main() -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("picture", type=Path)
    arguments = parser.parse_args()
    draw(rows(arguments.manifest, arguments.results), arguments.picture)


if __name__ == "__main__":
    main()
