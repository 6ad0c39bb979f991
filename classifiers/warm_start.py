"""From a shipped model folder back to a network that can be trained on.

What is shipped is int8 ONNX; no pretrained encoder can be downloaded where the console works. The weights are read
back from the graph (integer times scale), so retraining needs nothing but the clone. Each weight is off by up to half
an int8 step, which the first steps of training make good.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from tokenizers import Tokenizer

from classifiers.artefact import TOKENIZER, WEIGHTS, read_manifest
from classifiers.encoding import PAD_ID
from classifiers.network import ScamNetwork
from hotline.errors import ModelError

EMBEDDINGS = ("word_embeddings", "position_embeddings", "token_type_embeddings")
PARTS = ("query", "key", "value")


class _Graph:
    def __init__(self, path: Path) -> None:
        graph = onnx.load(str(path)).graph
        self.nodes = list(graph.node)
        self.tensors = {tensor.name: tensor for tensor in graph.initializer}
        self._readers: dict[str, list[Any]] = {}
        for node in self.nodes:
            for name in node.input:
                self._readers.setdefault(name, []).append(node)

    def of_type(self, *kinds: str) -> list[Any]:
        return [node for node in self.nodes if node.op_type in kinds]

    def array(self, name: str) -> np.ndarray[Any, Any]:
        return np.asarray(numpy_helper.to_array(self.tensors[name]))

    def full(self, quantised: str) -> torch.Tensor:
        """Return an integer tensor as floats."""
        stem = quantised.removesuffix("_quantized")
        zero = self.array(f"{stem}_zero_point").astype(np.float32)
        values = (self.array(quantised).astype(np.float32) - zero) * self.array(f"{stem}_scale")
        return torch.from_numpy(np.ascontiguousarray(values))

    def bias_after(self, node: Any) -> str:
        """Return the name of the bias that is added to a product, which names the layer. Raises: KeyError."""
        for _ in range(4):
            readers = self._readers.get(node.output[0], [])
            for reader in readers:
                for name in reader.input:
                    if name in self.tensors and name.endswith(".bias") and "LayerNorm" not in name:
                        return str(name)
            node = readers[0] if readers else node
        raise KeyError("bias")


def load_network(folder: Path) -> tuple[ScamNetwork, Tokenizer]:
    """Return the network of a model folder, in full precision, with its tokenizer.

    Raises: ModelError when the folder is damaged or its graph is not one of ours.
    """
    read_manifest(folder)
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    try:
        graph = _Graph(folder / WEIGHTS)
        state = _state(graph)
        network = ScamNetwork(_encoder(graph, state), state["heads.weight"].shape[1])
        missing, unknown = network.load_state_dict(state, strict=False)
    except (KeyError, IndexError, ValueError, RuntimeError) as error:
        raise _not_ours(type(error).__name__) from None
    lacking = [name for name in missing if not name.startswith("attention.")]
    if lacking or unknown:
        raise _not_ours((lacking + unknown)[0])
    return network, tokenizer


def _not_ours(found: str) -> ModelError:
    return ModelError(
        "无法从该模型继续训练",
        expected="本项目导出的 int8 模型",
        found=found,
        remedy="换用随附模型，或指定预训练编码器",
    )


def _state(graph: _Graph) -> dict[str, torch.Tensor]:
    state = {
        name: torch.from_numpy(graph.array(name).copy())
        for name in graph.tensors
        if name.endswith((".weight", ".bias")) and graph.tensors[name].data_type == onnx.TensorProto.FLOAT
    }
    for name in graph.tensors:
        if name.startswith("encoder.embeddings.") and name.endswith("_quantized"):
            state[name.removesuffix("_quantized")] = graph.full(name)
    for node in graph.of_type("MatMulInteger"):
        bias = graph.bias_after(node)
        state[bias.removesuffix("bias") + "weight"] = graph.full(node.input[1]).T.contiguous()
    for layer, node in enumerate(graph.of_type("QAttention")):
        weights = graph.full(node.input[1]).T.chunk(3)
        biases = torch.from_numpy(graph.array(node.input[2]).copy()).chunk(3)
        for part, rows, row_bias in zip(PARTS, weights, biases, strict=True):
            state[f"encoder.encoder.layer.{layer}.attention.self.{part}.weight"] = rows.contiguous()
            state[f"encoder.encoder.layer.{layer}.attention.self.{part}.bias"] = row_bias.contiguous()
    return state


def _encoder(graph: _Graph, state: dict[str, torch.Tensor]) -> torch.nn.Module:
    from transformers import BertConfig, BertModel

    words, positions, types = (state[f"encoder.embeddings.{name}.weight"] for name in EMBEDDINGS)
    attention = graph.of_type("QAttention")
    norm = {a.name: a.f for a in graph.of_type("SkipLayerNormalization")[0].attribute}
    config = BertConfig(
        vocab_size=words.shape[0],
        hidden_size=words.shape[1],
        num_hidden_layers=len(attention),
        num_attention_heads=next(a.i for a in attention[0].attribute if a.name == "num_heads"),
        intermediate_size=state["encoder.encoder.layer.0.intermediate.dense.weight"].shape[0],
        max_position_embeddings=positions.shape[0],
        type_vocab_size=types.shape[0],
        layer_norm_eps=norm.get("epsilon", 1e-12),
        pad_token_id=PAD_ID,
        attention_probs_dropout_prob=0.0,
    )
    encoder: torch.nn.Module = BertModel(config, add_pooling_layer=False)
    return encoder
