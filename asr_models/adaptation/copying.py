"""Copies of a Vosk model with another graph: the original is only read, the copy appears complete or not at all."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from asr_models.folder import check_folder, write_manifest
from asr_models.install import put_in_place, scratch_folder
from hotline.errors import ModelError

NOTE = "adaptation.json"


def graph_folder(folder: Path) -> Path:
    """Return where a Vosk model keeps Gr.fst. Raises: ModelError when its graph is whole (HCLG) and so cannot change."""
    graph = folder / "graph" if (folder / "graph").is_dir() else folder
    if not (graph / "Gr.fst").is_file():
        raise ModelError(
            "这个模型的语言模型不能改写",
            expected="分开的 HCLr.fst 和 Gr.fst（小模型）",
            found="整体的 HCLG.fst：语言模型与词典已合成一体",
            remedy="请使用小模型，如 vosk-model-small-cn-0.22",
        )
    return graph


@contextlib.contextmanager
def copied(folder: Path, target: Path, note: dict[str, Any], language: str, without: Sequence[str]) -> Iterator[Path]:
    """Yield the graph folder of a copy that lacks the files `without`; it becomes `target` when they are written.

    `note` says how it was made. Raises: ModelError when the copy would replace the original or is incomplete.
    """
    if target.resolve() == folder.resolve():
        raise ModelError("原模型不能被覆盖", expected="另一个名称", found=target.name, remedy="请改用 --name")
    with scratch_folder(target.parent) as scratch:
        copy = scratch / "copy"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(*without))
        yield copy / graph_folder(folder).relative_to(folder)
        (copy / NOTE).write_text(json.dumps(note, ensure_ascii=False, indent=1), "utf-8")
        check_folder(copy, "vosk")
        write_manifest(copy, language)
        put_in_place(copy, target, scratch)
