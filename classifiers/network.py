"""The network: a pretrained encoder whose tokens vote for labels, stage and the two safety facts.

Every head scores each token; a call's logits are the mean of its tokens' scores. So a label's support can
be read off token by token, which is where evidence spans come from.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from hotline.domain.risk import Stage
from hotline.errors import ModelError
from hotline.taxonomy import load_taxonomy

STAGES = tuple(Stage)
FACTS = ("money_gone", "coached")


class ScamNetwork(nn.Module):
    """Encoder and one linear layer for all heads: labels (14), stages (5), facts (2)."""

    def __init__(self, encoder: nn.Module, hidden_size: int, label_count: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(0.1)
        self.heads = nn.Linear(hidden_size, label_count + len(STAGES) + len(FACTS))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return token scores `(N, T, 21)`; padding scores zero."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        scores: torch.Tensor = self.heads(self.dropout(hidden))
        return scores * attention_mask.unsqueeze(-1)


def pooled(scores: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Return the mean over tokens: logits `(N, 21)`."""
    return scores.sum(1) / attention_mask.sum(1, keepdim=True)


def load_encoder(base: str, layers: int | None) -> tuple[nn.Module, int]:
    """Load a transformers encoder by folder or hub name and keep its first `layers` layers (None keeps all).

    Raises: ModelError when there is none.
    """
    from transformers import AutoModel

    try:
        encoder = AutoModel.from_pretrained(base, dtype=torch.float32, add_pooling_layer=False)
    except (OSError, ValueError) as error:
        raise ModelError(
            "无法加载预训练编码器",
            expected="本地文件夹或模型库名称",
            found=Path(base).name,
            remedy=f"检查 --base（{type(error).__name__}）",
        ) from None
    if layers is not None:
        encoder.encoder.layer = encoder.encoder.layer[:layers]
        encoder.config.num_hidden_layers = layers
    return encoder, int(encoder.config.hidden_size)


def build_network(base: str, layers: int | None) -> ScamNetwork:
    """Return a network with fresh heads on a pretrained encoder."""
    encoder, hidden_size = load_encoder(base, layers)
    return ScamNetwork(encoder, hidden_size, len(load_taxonomy().codes))
