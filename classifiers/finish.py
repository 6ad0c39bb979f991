"""From a finished training to a model folder that knows how good it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch

from classifiers.artefact import read_manifest, write_manifest
from classifiers.calibration import fit
from classifiers.dataset import data_hash, read_calls
from classifiers.evaluation import score
from classifiers.export import write_model
from classifiers.predictor import OnnxClassifier
from classifiers.training import starting_point
from hotline.errors import ModelError


def finish(training: Path, folder: Path, version: str, *, int8: bool) -> None:
    """Export a training's network, fit its calibration, and store validation figures in the manifest.

    Raises: ModelError when the training has not finished.
    """
    arguments_file = training / "arguments.json"
    if not arguments_file.is_file() or not (training / "network.pt").is_file():
        raise ModelError(
            "训练尚未完成",
            expected="arguments.json 和 network.pt",
            found=training.name,
            remedy="先完成训练，可用 --resume 继续",
        )
    arguments = json.loads(arguments_file.read_text("utf-8"))
    layers = None if arguments["layers"] == "None" else int(arguments["layers"])
    earlier = None if arguments.get("start_from", "None") == "None" else Path(arguments["start_from"])
    whole = earlier if earlier and earlier.is_dir() else None
    network, tokenizer = starting_point(arguments["base"], layers, whole)
    network.load_state_dict(torch.load(training / "network.pt", weights_only=True))
    calls = read_calls(Path(arguments["data"]))
    write_model(
        network,
        tokenizer,
        folder,
        version=version,
        data_hash=data_hash(calls),
        base=read_manifest(whole).base if whole else Path(arguments["base"]).name,
        int8=int8,
    )
    validation = [call for call in calls if call.split == "validation"]
    if not validation:
        return
    classifier = OnnxClassifier(folder, threads=2)
    manifest = replace(read_manifest(folder), calibration=fit(classifier, validation))
    write_manifest(folder, manifest)
    calibrated = OnnxClassifier(folder, threads=2)
    labels = [p.label for p in calibrated.predict([call.turns for call in validation], evidence=False)]
    metrics = {"validation": vars(score([call.label for call in validation], labels))}
    write_manifest(folder, replace(manifest, metrics=metrics))
