"""The table of spoken numbers through our rules and through the libraries of PyPI that do the same.

    pip install cn2an==0.5.24 wetext==0.1.8      (in an environment of its own, with the project on its path)
    python -m benchmarks.numbers_peers [--errors cn2an|wetext]

`right` asks for our canon, `value_right` forgives another way to write the same: the library's output and our canon
both go through our rules before they are compared.
"""

from __future__ import annotations

import argparse
import contextlib
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.report import show
from hotline.numbers import normalise

TABLE = Path(__file__).parent.parent / "tests" / "data" / "numbers.tsv"
Rewrite = Callable[[str], str]


def peers() -> dict[str, Rewrite]:
    """Return what is installed."""
    found: dict[str, Rewrite] = {"ours": normalise}
    with contextlib.suppress(ImportError):
        cn2an = import_module("cn2an")
        found["cn2an"] = lambda text: str(cn2an.transform(text, "cn2an"))
    with contextlib.suppress(ImportError):
        found["wetext"] = import_module("wetext").Normalizer(lang="zh", operator="itn").normalize
    return found


def measure(name: str, rewrite: Rewrite, *, errors: bool) -> dict[str, Any]:
    """Return the shares of right cases, and how long one takes."""
    rows = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
    started = time.perf_counter()
    written = [_safe(rewrite, spoken) for spoken, _, _ in rows]
    ms = 1000 * (time.perf_counter() - started) / len(rows)
    words = [(row, text) for row, text in zip(rows, written, strict=True) if row[2] == "word"]
    if errors:
        print(*(f"{row[0]}\t{text}" for row, text in zip(rows, written, strict=True) if row[1] != text), sep="\n")
    pairs = list(zip(rows, written, strict=True))
    return {
        "rules": name,
        "cases": len(rows),
        "right": sum(row[1] == text for row, text in pairs) / len(rows),
        "value_right": sum(normalise(row[1]) == normalise(text) for row, text in pairs) / len(rows),
        "words_left_alone": sum(row[1] == text for row, text in words) / len(words),
        "ms_a_case": ms,
    }


def _safe(rewrite: Rewrite, text: str) -> str:
    try:
        return rewrite(text)
    except Exception as error:  # a peer's error is a wrong answer, not the end of the measurement
        return type(error).__name__


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--errors", choices=["cn2an", "wetext"], help="print what this one writes differently")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    show("number rules", [measure(n, rewrite, errors=n == arguments.errors) for n, rewrite in peers().items()])


if __name__ == "__main__":
    main()
