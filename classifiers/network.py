"""The network: a pretrained encoder whose tokens vote for labels, stage and the two safety facts.

Every head scores each token and weighs it by its own attention over the call; a call's logits are the mean of
its tokens' votes (score times weight). So a label's support can be read off token by token, which is where
evidence spans come from.
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


HEAD_GROUPS = (len(load_taxonomy().codes), len(STAGES), *(1 for _ in FACTS))
"""Scores a head gives: labels (14), stages (5), and one for each fact. Each head has one attention."""


class ScamNetwork(nn.Module):
    """Encoder, a linear layer for all heads' scores, and one for each head's attention."""

    def __init__(self, encoder: nn.Module, hidden_size: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(0.1)
        self.heads = nn.Linear(hidden_size, sum(HEAD_GROUPS))
        self.attention = nn.Linear(hidden_size, len(HEAD_GROUPS))
        nn.init.zeros_(self.attention.weight)
        nn.init.zeros_(self.attention.bias)

    def read(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return votes `(N, T, 21)` and attention `(N, T, 4)`, which sums to one over a call's tokens."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        hidden = self.dropout(hidden)
        mask = attention_mask.unsqueeze(-1)
        weights = torch.softmax(self.attention(hidden).float() - 1e4 * (1 - mask), dim=1)
        spread = torch.cat([weights[..., i : i + 1].expand(-1, -1, n) for i, n in enumerate(HEAD_GROUPS)], dim=-1)
        scores: torch.Tensor = self.heads(hidden)
        return scores * spread * mask.sum(1, keepdim=True), weights

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return token votes `(N, T, 21)`; padding votes zero."""
        return self.read(input_ids, attention_mask)[0]


def pooled(scores: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
    """Return the mean of the tokens' votes: logits `(N, 21)`."""
    return scores.sum(1) / attention_mask.sum(1, keepdim=True)


def load_encoder(base: str, layers: int | None) -> tuple[nn.Module, int]:
    """Load a transformers encoder by folder or hub name and keep its first `layers` layers (None keeps all).

    Raises: ModelError when there is none.
    """
    from transformers import AutoModel

    try:
        encoder = AutoModel.from_pretrained(
            base, dtype=torch.float32, add_pooling_layer=False, attention_probs_dropout_prob=0.0
        )
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
    return ScamNetwork(encoder, hidden_size)
