"""The classifier as the console uses it: network and n-grams on the rolling call, with evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from classifiers.artefact import NGRAMS, TOKENIZER, WEIGHTS, read_manifest
from classifiers.decision import FloatArray, assess_risk, characters_said, combine_windows, sigmoid, softmax
from classifiers.encoding import PAD_ID, TokenSource, Window, encode
from classifiers.evidence import add_token_votes, candidate_spans, verified_spans, without_span
from classifiers.ngrams import NgramModel
from hotline.domain.risk import EvidenceSpan, Prediction
from hotline.domain.segment import Turn
from hotline.errors import ModelError
from hotline.taxonomy import NOT_FRAUD

SHIPPED = Path(__file__).parent / "shipped"
BATCH = 16


class OnnxClassifier:
    """Implements `hotline.ports.Classifier` on a model folder. Thread-safe.

    Each call is read by itself: int8 scores depend a little on what else is in a batch.

    Raises: ModelError when the folder cannot be used.
    """

    def __init__(self, folder: Path = SHIPPED, threads: int = 1) -> None:
        self.manifest = read_manifest(folder)
        self.version = self.manifest.version
        self.labels = self.manifest.labels
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(folder / WEIGHTS), options, providers=["CPUExecutionProvider"]
            )
            self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        except Exception as error:  # onnxruntime and tokenizers raise types of their own
            raise ModelError(
                "分类模型无法加载", expected="ONNX 模型和词表", found=type(error).__name__, remedy="重新导出模型"
            ) from None
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.ngrams = NgramModel.load(folder / NGRAMS) if NGRAMS in self.manifest.checksums else None

    def predict(self, calls: Sequence[Sequence[Turn]], *, evidence: bool = True) -> list[Prediction]:
        """Return one prediction a call; without `evidence` it costs one pass instead of two."""
        windows = [self.windows(turns) for turns in calls]
        return [
            self._prediction(turns, whole, self.token_scores(whole), evidence)
            for turns, whole in zip(calls, windows, strict=True)
        ]

    def ngram_logits(self, calls: Sequence[Sequence[Turn]]) -> FloatArray:
        """Return the n-grams' raw scores `(N, 21)`; zeros where the model has none."""
        if self.ngrams is None:
            return np.zeros(
                (len(calls), len(self.labels) + len(self.manifest.stages) + len(self.manifest.facts)), np.float32
            )
        return np.stack([self.ngrams.logits(turns) for turns in calls])

    def network_logits(self, calls: Sequence[Sequence[Turn]]) -> FloatArray:
        """Return the network's raw scores `(N, 21)`: labels, stages, facts."""
        return np.stack([self._call_logits(self.token_scores(self.windows(turns))) for turns in calls])

    def windows(self, turns: Sequence[Turn]) -> list[Window]:
        """Return the tokens of a call as the network reads them."""
        return encode(turns, self._tokenizer)

    def token_scores(self, windows: Sequence[Window]) -> list[FloatArray]:
        """Return scores `(T, 21)` of each window's tokens."""
        result: list[FloatArray] = []
        for start in range(0, len(windows), BATCH):
            part = windows[start : start + BATCH]
            width = max(len(window.ids) for window in part)
            ids = np.full((len(part), width), PAD_ID, np.int64)
            for row, window in enumerate(part):
                ids[row, : len(window.ids)] = window.ids
            mask = (ids != PAD_ID).astype(np.int64)
            output = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
            result.extend(output[row, : len(window.ids)] for row, window in enumerate(part))
        return result

    def _call_logits(self, scores: Sequence[FloatArray]) -> FloatArray:
        pooled = np.stack([window.mean(axis=0) for window in scores])
        labels = combine_windows(pooled[:, : len(self.labels)])
        return np.concatenate([labels, pooled[-1, len(self.labels) :]])

    def _prediction(
        self, turns: Sequence[Turn], windows: Sequence[Window], scores: Sequence[FloatArray], evidence: bool
    ) -> Prediction:
        calibration = self.manifest.calibration
        labels, stages = len(self.labels), len(self.manifest.stages)
        network, ngrams = self._call_logits(scores), self.ngram_logits([turns])[0]
        said = characters_said(turns)
        probabilities = softmax(calibration.label_scores(network[:labels], ngrams[:labels], said))[0]
        best = int(probabilities.argmax())
        label, probability = self.labels[best], float(probabilities[best])
        told = slice(labels, labels + stages)
        stage_probabilities = softmax(calibration.stages(network[told], ngrams[told]))
        facts = calibration.facts(network[labels + stages :], ngrams[labels + stages :])
        money_gone, coached = map(sigmoid, facts)
        by_label = dict(zip(self.labels, map(float, probabilities), strict=True))
        fraud = label != NOT_FRAUD
        stage = self.manifest.stages[int(stage_probabilities.argmax())] if fraud else None
        unsure = probability < calibration.unsure_below
        risk, reasons = assess_risk(by_label, unsure, stage, money_gone, coached)
        return Prediction(
            label=label,
            probability=probability,
            probabilities=by_label,
            model_version=self.version,
            evidence=self._evidence(turns, windows, scores, best, probability) if evidence else (),
            unsure=unsure,
            stage=stage,
            stage_probability=float(stage_probabilities.max()) if fraud else 0.0,
            money_gone=money_gone,
            coached=coached,
            risk=risk,
            reasons=reasons,
        )

    def _evidence(
        self, turns: Sequence[Turn], windows: Sequence[Window], scores: Sequence[FloatArray], label: int, before: float
    ) -> tuple[EvidenceSpan, ...]:
        """Take the clauses whose tokens and n-grams voted most for the label; keep those whose deletion lowers it.

        Only the windows that hold a deleted clause are scored again.
        """
        spans = candidate_spans(turns, self._votes(turns, windows, scores, label))
        if not spans:
            return ()
        shortened = [_without(windows, span) for span in spans]
        changed = [[index for index, window in enumerate(call) if window is not windows[index]] for call in shortened]
        again = iter(
            self.token_scores([call[i] for call, parts in zip(shortened, changed, strict=True) for i in parts])
        )
        rows = []
        for parts in changed:
            call_scores = list(scores)
            for index in parts:
                call_scores[index] = next(again)
            rows.append(self._call_logits(call_scores)[: len(self.labels)])
        ngrams = self.ngram_logits([without_span(turns, span) for span in spans])[:, : len(self.labels)]
        said = characters_said(turns)
        after = softmax(self.manifest.calibration.label_scores(np.stack(rows), ngrams, said))[:, label]
        return verified_spans(spans, [before - float(value) for value in after])

    def _votes(
        self, turns: Sequence[Turn], windows: Sequence[Window], scores: Sequence[FloatArray], label: int
    ) -> list[FloatArray]:
        """Return what each character of each turn adds to the label's lead over the mean of the others."""
        mix, labels = self.manifest.calibration.labels, len(self.labels)
        if self.ngrams is None:
            votes = [np.zeros(len(turn.text), np.float32) for turn in turns]
        else:
            votes = [mix.ngram_weight * vote for vote in self.ngrams.votes(turns, label, labels)]
        for window, window_scores in zip(windows, scores, strict=True):
            others = np.delete(window_scores[:, :labels], label, axis=1)
            lead = (window_scores[:, label] - others.mean(axis=1)) / (mix.temperature * len(window.ids))
            add_token_votes(votes, window, lead)
        return votes


def _without(windows: Sequence[Window], span: EvidenceSpan) -> list[Window]:
    """Return the windows without the tokens of a span; a window that has none of them is the same object."""

    def inside(source: TokenSource | None) -> bool:
        return source is not None and source.turn == span.turn and source.start < span.end and source.end > span.start

    shortened = []
    for window in windows:
        kept = [(token, source) for token, source in zip(window.ids, window.sources, strict=True) if not inside(source)]
        if len(kept) == len(window.ids):
            shortened.append(window)
        else:
            ids, sources = zip(*kept, strict=True)
            shortened.append(Window(ids, sources))
    return shortened
