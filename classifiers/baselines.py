"""What the network must beat: keyword rules, character TF-IDF with a linear model, the frozen encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from classifiers.dataset import LabelledCall
from classifiers.encoding import encode
from hotline.domain.segment import Turn
from hotline.scripts import ScriptLibrary
from hotline.taxonomy import NOT_FRAUD


def joined(turns: Sequence[Turn]) -> str:
    """Return the call as one text with speaker marks."""
    return " ".join(("客" if turn.speaker == "caller" else "席") + turn.text for turn in turns)


@dataclass
class KeywordRules:
    """Counts each type's words from the persuasion scripts in what the caller says."""

    words: dict[str, tuple[str, ...]] = field(default_factory=lambda: ScriptLibrary.load().victim_words())

    def predict(self, calls: Sequence[Sequence[Turn]]) -> list[str]:
        """Return label codes."""
        result = []
        for turns in calls:
            text = "".join(turn.text for turn in turns if turn.speaker == "caller")
            hits = {code: sum(word in text for word in words) for code, words in self.words.items()}
            best = max(hits, key=lambda code: hits[code])
            result.append(best if hits[best] else NOT_FRAUD)
        return result


class TfidfLinear:
    """Character 1- to 3-grams, logistic regression, all types weighing alike."""

    def __init__(self) -> None:
        self.model: Pipeline = make_pipeline(
            TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True, max_features=60_000),
            LogisticRegression(C=300, max_iter=300, class_weight="balanced"),
        )

    def fit(self, calls: Sequence[Sequence[Turn]], labels: Sequence[str]) -> TfidfLinear:
        """Train on texts and label codes."""
        self.model.fit([joined(turns) for turns in calls], labels)
        return self

    def predict(self, calls: Sequence[Sequence[Turn]]) -> list[str]:
        """Return label codes."""
        return [str(label) for label in self.model.predict([joined(turns) for turns in calls])]


class FrozenEncoder:
    """The pretrained encoder as it is, mean-pooled, with a linear head."""

    def __init__(self, base: str) -> None:
        from classifiers.network import load_encoder
        from classifiers.training import load_tokenizer

        encoder, _ = load_encoder(base, None)
        self._encoder: Any = encoder
        self._encoder.eval()
        self._tokenizer = load_tokenizer(base)
        self._head = LogisticRegression(C=10, max_iter=500)

    def fit(self, calls: Sequence[Sequence[Turn]], labels: Sequence[str]) -> FrozenEncoder:
        """Train the head on texts and label codes."""
        self._head.fit(self._vectors(calls), labels)
        return self

    def predict(self, calls: Sequence[Sequence[Turn]]) -> list[str]:
        """Return label codes."""
        return [str(label) for label in self._head.predict(self._vectors(calls))]

    def _vectors(self, calls: Sequence[Sequence[Turn]]) -> np.ndarray[Any, Any]:
        import torch

        from classifiers.batches import pad

        windows = [encode(turns, self._tokenizer)[-1].ids for turns in calls]
        by_length = np.argsort([len(window) for window in windows])
        rows = np.zeros((len(windows), self._encoder.config.hidden_size), np.float32)
        with torch.no_grad():
            for start in range(0, len(windows), 32):
                chosen = by_length[start : start + 32]
                ids, mask = pad([windows[index] for index in chosen])
                hidden = self._encoder(input_ids=ids, attention_mask=mask).last_hidden_state
                rows[chosen] = ((hidden * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)).numpy()
        return rows


def training_texts(calls: Sequence[LabelledCall]) -> tuple[list[Sequence[Turn]], list[str]]:
    """Return clean and damaged turns of the training calls, so that baselines see what the model sees."""
    from classifiers.evaluation import damaged

    chosen = [call for call in calls if call.split == "train"]
    labels = [call.label for call in chosen]
    return [*(call.turns for call in chosen), *damaged(chosen, seed=1)], labels + labels
