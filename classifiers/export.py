"""From a trained network to a model folder: ONNX, int8 weights, tokenizer, manifest."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer

from classifiers.artefact import NGRAMS, TOKENIZER, WEIGHTS, Manifest, sha256, write_manifest
from classifiers.network import FACTS, STAGES, ScamNetwork
from classifiers.ngrams import NgramModel
from hotline.taxonomy import load_taxonomy

OPSET = 17
FLOAT = 1
"""`onnx.TensorProto.FLOAT`: the type of tensors whose type the fused graph does not tell."""


def export_fp32(network: ScamNetwork, path: Path) -> None:
    """Write the network as a fused fp32 ONNX graph: ids and mask `(N, T)` in, token scores `(N, T, 21)` out."""
    from onnxruntime.transformers import optimizer

    network.eval()
    encoder: Any = network.encoder
    encoder.set_attn_implementation("eager")
    ids = torch.full((2, 8), 5)
    mask = torch.ones_like(ids)
    mask[1, 5:] = 0
    axes = {0: "calls", 1: "tokens"}
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.onnx"
        torch.onnx.export(
            network,
            (ids, mask),
            str(plain),
            input_names=["input_ids", "attention_mask"],
            output_names=["scores"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "scores": axes},
            opset_version=OPSET,
            dynamo=False,
        )
        fused = optimizer.optimize_model(
            str(plain),
            model_type="bert",
            num_heads=encoder.config.num_attention_heads,
            hidden_size=encoder.config.hidden_size,
        )
        fused.save_model_to_file(str(path))


def quantise(source: Path, target: Path) -> None:
    """Write the int8 form of a fp32 graph: weights of all products and the embeddings as int8."""
    quantize_dynamic(
        str(source),
        str(target),
        weight_type=QuantType.QInt8,
        per_channel=True,
        extra_options={"DefaultTensorType": FLOAT},
    )


def write_model(
    network: ScamNetwork,
    tokenizer: Tokenizer,
    folder: Path,
    *,
    version: str,
    data_hash: str,
    base: str,
    ngrams: NgramModel | None = None,
    int8: bool = True,
) -> Manifest:
    """Write a whole model folder, not calibrated yet, and return its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        fp32 = Path(scratch) / "fp32.onnx"
        export_fp32(network, fp32)
        if int8:
            quantise(fp32, folder / WEIGHTS)
        else:
            fp32.replace(folder / WEIGHTS)
    tokenizer.save(str(folder / TOKENIZER), pretty=False)
    if ngrams:
        ngrams.save(folder / NGRAMS)
    files = (WEIGHTS, TOKENIZER, *((NGRAMS,) if ngrams else ()))
    taxonomy = load_taxonomy()
    manifest = Manifest(
        version=version,
        labels=taxonomy.codes,
        stages=tuple(STAGES),
        facts=FACTS,
        taxonomy_version=taxonomy.version,
        data_hash=data_hash,
        base=base,
        checksums={name: sha256(folder / name) for name in files},
    )
    write_manifest(folder, manifest)
    return manifest
