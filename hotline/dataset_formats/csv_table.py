"""CSV for spreadsheets: one call a row; what was said as lines that start with 客： or 席：."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from hotline.dataset_formats.line import Line, bad, line_of, plain_text, turns_of
from hotline.domain.datasets import Example

COLUMNS = ("id", "label", "stage", "money_gone", "coached", "evidence", "split", "prelabel", "text")
NEEDED = ("id", "label")
FACTS = {"": None, "是": True, "否": False, "true": True, "false": False, "1": True, "0": False}
BETWEEN = "|"
DANGEROUS = ("=", "+", "-", "@", "\t")
"""A spreadsheet takes a cell that begins so for a formula; such cells get an apostrophe in front."""


def write(examples: Iterable[Example]) -> str:
    """Return a table with a header, with a byte-order mark so that spreadsheets read Chinese."""
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS)
    table.writeheader()
    for example in examples:
        row = {
            "id": example.id,
            "label": example.label,
            "stage": example.stage or "",
            "money_gone": _fact(example.money_gone),
            "coached": _fact(example.coached),
            "evidence": BETWEEN.join(example.evidence),
            "split": example.split.value,
            "prelabel": "",
            "text": plain_text(example.turns),
        }
        table.writerow({name: f"'{value}" if value.startswith(DANGEROUS) else value for name, value in row.items()})
    return "\ufeff" + out.getvalue()


def read(text: str) -> Iterator[Line]:
    """Yield the calls of a table. Raises: DatasetError."""
    table = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), restkey="surplus")
    lacking = [name for name in NEEDED if name not in (table.fieldnames or ())]
    if lacking:
        raise bad("第 1 行", "缺少列", "、".join(NEEDED), "、".join(table.fieldnames or ()), f"补上 {lacking[0]} 列")
    try:
        for row in table:
            where = f"第 {table.line_num} 行"
            if "surplus" in row:
                raise bad(where, "列数不对", f"{len(table.fieldnames or ())} 列", "更多", "检查引号和逗号")
            cells = {name: (value or "").removeprefix("'").strip() for name, value in row.items()}
            yield line_of(where, _row(where, cells))
    except csv.Error as error:
        raise bad(f"第 {table.line_num} 行", "不是 CSV", "逗号分隔的表格", error, "重新导出为 CSV UTF-8") from None


def _row(where: str, cells: dict[str, str]) -> dict[str, object]:
    facts = {}
    for name in ("money_gone", "coached", "prelabel"):
        value = cells.get(name, "").lower()
        if value not in FACTS:
            raise bad(where, f"{name} 不对", "是、否或空", value, "改正这一格")
        facts[name] = FACTS[value]
    evidence = [piece for piece in cells.get("evidence", "").split(BETWEEN) if piece]
    return {**cells, **facts, "evidence": evidence, "turns": turns_of(where, cells.get("text", ""))}


def _fact(value: bool | None) -> str:
    return "" if value is None else "是" if value else "否"
