"""Which words drove a label: the votes of tokens and n-grams give candidates, deletion confirms them.

The network's logit of a label is the mean of its tokens' scores and the n-grams' is a sum over them, so each clause's
share of the label's lead over the other labels can be read off. A clause is evidence when the label becomes less
probable without it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from classifiers.decision import FloatArray
from classifiers.encoding import Window
from hotline.domain.risk import EvidenceSpan
from hotline.domain.segment import Channel, Turn

CLAUSE = re.compile(r"[^，。！？、；：,.!?;\s…]+")
LONGEST_CLAUSE = 16
"""Characters; unpunctuated speech is cut into pieces of this length around its strongest words."""
CANDIDATES = 4
KEPT = 3
LEAST_DROP = 0.002
"""Least loss of probability, on deletion, of a clause that is shown as evidence."""


def clauses(text: str) -> list[tuple[int, int]]:
    """Return character ranges of the clauses of a text, long ones cut evenly."""
    ranges: list[tuple[int, int]] = []
    for match in CLAUSE.finditer(text):
        length = match.end() - match.start()
        pieces = -(-length // LONGEST_CLAUSE)
        bounds = [match.start() + length * n // pieces for n in range(pieces + 1)]
        ranges.extend(pairwise(bounds))
    return ranges


def candidate_spans(turns: Sequence[Turn], votes: Sequence[FloatArray]) -> list[EvidenceSpan]:
    """Return the caller's clauses whose characters vote most for the label, strongest first."""
    spans = []
    for index, turn in enumerate(turns):
        if turn.speaker != Channel.CALLER:
            continue
        for start, end in clauses(turn.text):
            weight = float(votes[index][start:end].sum())
            if weight > 0 and end - start >= 2:
                spans.append(EvidenceSpan(index, start, end, turn.text[start:end], weight))
    spans.sort(key=lambda span: -span.weight)
    return spans[:CANDIDATES]


def add_token_votes(votes: Sequence[FloatArray], window: Window, lead: FloatArray) -> None:
    """Spread the lead `(T,)` that each token gives over its characters."""
    for source, vote in zip(window.sources, lead, strict=True):
        if source is not None and source.end > source.start:
            votes[source.turn][source.start : source.end] += vote / (source.end - source.start)


def without_span(turns: Sequence[Turn], span: EvidenceSpan) -> list[Turn]:
    """Return the turns without the text of a span."""
    cut = list(turns)
    text = turns[span.turn].text
    cut[span.turn] = Turn(turns[span.turn].speaker, text[: span.start] + text[span.end :])
    return cut


def verified_spans(spans: Sequence[EvidenceSpan], drops: Sequence[float]) -> tuple[EvidenceSpan, ...]:
    """Keep the spans whose deletion lowered the label's probability; weights become shares of the drop."""
    kept = [(span, drop) for span, drop in zip(spans, drops, strict=True) if drop >= LEAST_DROP]
    kept = sorted(kept, key=lambda pair: -pair[1])[:KEPT] or [(spans[0], 0.0)]
    total = sum(drop for _, drop in kept) or 1.0
    return tuple(EvidenceSpan(s.turn, s.start, s.end, s.text, round(drop / total, 3)) for s, drop in kept)
