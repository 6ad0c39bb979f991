"""Data set versions, frozen test sets, and labelled calls as files."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from flask import jsonify, request
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline.data_versions import DATA, TEST, freeze_test_set, labelled_examples, make_dataset, verify_sets
from hotline.dataset_formats import format_of
from hotline.dataset_import import import_labels
from hotline.domain.datasets import Dataset, Example
from hotline.domain.segment import Turn
from hotline.errors import InputError
from hotline.privacy import mask_text
from web.api import blueprint
from web.context import display_names, hub
from web.roles import Permission, requires
from web.security import takes_files

MOST_IMPORT_BYTES = 50 * 1024 * 1024


@blueprint.get("/train/datasets")
@requires(Permission.TRAIN)
def get_datasets() -> Response:
    """What is labelled now, and all data and test sets with whether their content still has its hash."""
    names = display_names()
    with hub().store.transaction() as uow:
        examples, left_out = labelled_examples(uow)
        sound = verify_sets(uow)
        sets = {kind: [_view(dataset, names, sound) for dataset in uow.datasets(kind)] for kind in (DATA, TEST)}
    return jsonify({"now": {"calls": len(examples), "left_out": dict(left_out)}, **sets})


@blueprint.post("/train/datasets")
@requires(Permission.TRAIN)
def post_dataset() -> tuple[Response, int]:
    """Make the next data set from what is labelled now."""
    made = make_dataset(hub(), current_user.id)
    return jsonify({"dataset": _view(made, display_names(), {})}), 201


@blueprint.post("/train/test-sets")
@requires(Permission.TRAIN)
def post_test_set() -> tuple[Response, int]:
    """Freeze the labelled test calls."""
    made = freeze_test_set(hub(), current_user.id)
    return jsonify({"dataset": _view(made, display_names(), {})}), 201


@blueprint.get("/train/export/<kind>/<number>/<format_name>")
@requires(Permission.TRAIN)
def get_export(kind: str, number: str, format_name: str) -> Response:
    """A set as a file; number 0 is what is labelled now. Long numbers are masked; the export is audited."""
    chosen = format_of(format_name)
    if not number.isdecimal():
        raise InputError("没有这个数据集", expected="数据集的编号", found=number[:20], remedy="请从列表中选择")
    with hub().store.transaction() as uow:
        examples = uow.dataset_examples(kind, int(number)) if int(number) else labelled_examples(uow)[0]
        uow.audit(current_user.id, "labels.export", f"{kind}-{number}", f"{format_name} {len(examples)} calls")
    response = Response(chosen.write(_masked(example) for example in examples), mimetype=chosen.mimetype)
    name = f"hotline-{kind}-{number}-{format_name}.{chosen.suffix}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@blueprint.post("/train/import")
@takes_files(lambda: MOST_IMPORT_BYTES)
@requires(Permission.TRAIN)
def post_import() -> tuple[Response, int]:
    """Take labels from a file (multipart: `file`, `format`); all or nothing."""
    upload = request.files.get("file")
    if upload is None:
        raise InputError("没有选择文件", expected="一个标注文件", found="空", remedy="请选择文件后再提交")
    counts = import_labels(hub(), request.form.get("format", ""), upload.stream.read(), current_user.id)
    return jsonify({"imported": counts}), 201


def _masked(example: Example) -> Example:
    turns = tuple(Turn(turn.speaker, mask_text(turn.text)) for turn in example.turns)
    return replace(example, turns=turns, evidence=tuple(mask_text(piece) for piece in example.evidence))


def _view(dataset: Dataset, names: dict[str, str], sound: dict[str, bool]) -> dict[str, Any]:
    return {
        **asdict(dataset),
        "made_at": dataset.made_at.isoformat(),
        "made_by": names.get(dataset.made_by, ""),
        "sound": sound.get(f"{dataset.kind}-{dataset.number}", True),
    }
