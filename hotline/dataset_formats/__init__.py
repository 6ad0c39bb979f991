"""Labelled calls as files: JSONL, CSV, Label Studio and doccano, each with `write` and `read`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from hotline.dataset_formats import csv_table, doccano, json_lines, label_studio
from hotline.dataset_formats.line import Line
from hotline.domain.datasets import Example
from hotline.errors import InputError


@dataclass(frozen=True)
class Format:
    """One kind of file."""

    suffix: str
    mimetype: str
    write: Callable[[Iterable[Example]], str]
    read: Callable[[str], Iterator[Line]]
    """Takes the file's text. Raises: DatasetError naming the line, what was expected and what to do."""


FORMATS = {
    "jsonl": Format("jsonl", "application/x-ndjson", json_lines.write, json_lines.read),
    "csv": Format("csv", "text/csv", csv_table.write, csv_table.read),
    "label_studio": Format("json", "application/json", label_studio.write, label_studio.read),
    "doccano": Format("jsonl", "application/x-ndjson", doccano.write, doccano.read),
}


def format_of(name: str) -> Format:
    """Return a format by name. Raises: InputError."""
    if name not in FORMATS:
        raise InputError("没有这种格式", expected="、".join(FORMATS), found=name[:20], remedy="请从列表中选择")
    return FORMATS[name]
