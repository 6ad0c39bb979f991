"""From a finished training to a model folder that knows how good it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from classifiers.artefact import read_manifest, write_manifest
from classifiers.batches import known_patterns
from classifiers.calibration import fit
from classifiers.dataset import LabelledCall, data_hash, training_calls
from classifiers.evaluation import score
from classifiers.export import write_model
from classifiers.network import ScamNetwork
from classifiers.ngram_training import fit_ngrams
from classifiers.ngrams import NgramModel
from classifiers.predictor import OnnxClassifier
from classifiers.training import starting_point
from hotline.errors import ModelError


def finish(training: Path, folder: Path, version: str, *, int8: bool) -> None:
    """Export a training's network, fit n-grams and calibration, and store validation figures in the manifest.

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
    calls = training_calls(Path(arguments["data"]))
    seed = int(arguments["seed"])
    taught = [call for call in calls if call.split == "train"]
    export_model(
        network,
        tokenizer,
        fit_ngrams(taught + known_patterns(seed), seed),
        folder,
        version=version,
        data_hash=data_hash(calls),
        base=read_manifest(whole).base if whole else Path(arguments["base"]).name,
        validation=[call for call in calls if call.split == "validation"],
        int8=int8,
    )


def export_model(
    network: ScamNetwork,
    tokenizer: Tokenizer,
    ngrams: NgramModel,
    folder: Path,
    *,
    version: str,
    data_hash: str,
    base: str,
    validation: Sequence[LabelledCall],
    int8: bool = True,
    threads: int = 2,
) -> None:
    """Write the model folder, calibrated on `validation` calls, with its figures on them."""
    write_model(network, tokenizer, folder, version=version, data_hash=data_hash, base=base, ngrams=ngrams, int8=int8)
    if not validation:
        return
    classifier = OnnxClassifier(folder, threads=threads)
    write_manifest(folder, replace(classifier.manifest, calibration=fit(classifier, validation)))
    calibrated = OnnxClassifier(folder, threads=threads)
    labels = [p.label for p in calibrated.predict([call.turns for call in validation], evidence=False)]
    metrics = {"validation": vars(score([call.label for call in validation], labels))}
    write_manifest(folder, replace(calibrated.manifest, metrics=metrics))
