"""How every benchmark says where, when and what: a table for people, one JSON line for machines."""

from __future__ import annotations

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "load_1min": round(os.getloadavg()[0], 1),
    }


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile by linear interpolation; `percent` in (0, 100)."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=1000, method="inclusive")[round(percent * 10) - 1]


def show(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows as a table, then everything as one JSON line."""
    columns = list(rows[0])
    cells = [[_cell(row[column]) for column in columns] for row in rows]
    widths = [max(len(column), *(len(line[i]) for line in cells)) for i, column in enumerate(columns)]
    print(f"\n{name}  {machine()}")
    for line in (columns, *cells):
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)))
    print(json.dumps({"benchmark": name, **machine(), "rows": list(rows)}, ensure_ascii=False))


def _cell(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
