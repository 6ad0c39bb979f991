"""The project's own JSONL, as `classifiers/data/calls.jsonl`; `"prelabel": true` marks a machine's guess."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from hotline.dataset_formats.line import Line, json_rows, line_of
from hotline.domain.datasets import Example


def write(examples: Iterable[Example]) -> str:
    """Return one JSON object a line."""
    return "".join(json.dumps(example.row(), ensure_ascii=False) + "\n" for example in examples)


def read(text: str) -> Iterator[Line]:
    """Yield the calls of a file. Raises: DatasetError."""
    for where, row in json_rows(text):
        yield line_of(where, row)
