"""A back-off n-gram model as arrays: a state is a context, its arcs are the words known to follow it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr_models.adaptation.openfst import Automaton, Floats, Ints
from hotline.errors import ModelError

NOWHERE = -1
LN_10 = float(np.log(10))
Context = tuple[int, ...]
BEGIN = -1
"""Stands for the begin of a sentence in a context."""


@dataclass(frozen=True)
class NGram:
    """Costs are negative natural logarithms. The end of a sentence is a word of its own: `end`."""

    start: int
    end: int
    """A label above those of all words."""
    source: Ints
    """State of each n-gram, in rising order, then by label; shape (A,)."""
    label: Ints
    target: Ints
    """State reached, `NOWHERE` after `end`."""
    cost: Floats
    backoff: Ints
    """State of the context without its first word, `NOWHERE` at the root; shape (N,)."""
    backoff_cost: Floats

    @cached_property
    def order(self) -> Ints:
        """Number of words in the context of each state."""
        order = np.zeros(len(self.backoff), np.int64)
        state = self.backoff
        while (state >= 0).any():
            order += state >= 0
            state = np.where(state >= 0, self.backoff[state], NOWHERE)
        return order

    @cached_property
    def root(self) -> int:
        """The state of the empty context."""
        return int(np.flatnonzero(self.backoff < 0)[0])

    @cached_property
    def _keys(self) -> Ints:
        return self.source * (self.end + 1) + self.label

    def find(self, state: npt.ArrayLike, label: npt.ArrayLike) -> Ints:
        """Return where the n-grams stand, -1 for those that the model does not hold."""
        wanted = np.asarray(state, np.int64) * (self.end + 1) + np.asarray(label, np.int64)
        place = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where(self._keys[place] == wanted, place, -1)

    def costs(self, state: Ints, label: Ints) -> Floats:
        """Return the cost of each word in each context, backing off; infinite for a word that is unknown."""
        total, missing, at = np.zeros(len(state)), np.arange(len(state)), state.copy()
        while len(missing):
            place = self.find(at, label[missing])
            found = place >= 0
            total[missing[found]] += self.cost[place[found]]
            missing, at = missing[~found], at[~found]
            lower = self.backoff[at]
            total[missing] += np.where(lower >= 0, self.backoff_cost[at], np.inf)
            missing, at = missing[lower >= 0], lower[lower >= 0]
        return total

    def step(self, state: int, label: int) -> tuple[int, float]:
        """Return the state after a word and its cost. Raises: ModelError for a word that the model lacks."""
        spent = 0.0
        while (place := int(self.find(state, label))) < 0:
            if self.backoff[state] < 0:
                raise ModelError("词不在语言模型中", expected="模型词表中的词", found=str(label), remedy="先切分文本")
            spent += float(self.backoff_cost[state])
            state = int(self.backoff[state])
        return int(self.target[place]), spent + float(self.cost[place])

    def perplexity(self, sentences: Iterable[Sequence[int]]) -> float:
        """Return the perplexity a word, ends of sentences counted. Raises: ModelError for an unknown word."""
        total, words = 0.0, 0
        for sentence in sentences:
            state = self.start
            for label in (*sentence, self.end):
                state, cost = self.step(state, label)
                total += cost
                words += 1
        return float(np.exp(total / max(1, words)))


def from_automaton(automaton: Automaton, end: int) -> NGram:
    """Read the automaton of a Kaldi language model: empty arcs back off. Raises: ModelError for another shape."""
    count = len(automaton.final)
    empty = automaton.label == 0
    backoff, backoff_cost = np.full(count, NOWHERE), np.zeros(count)
    backoff[automaton.source[empty]] = automaton.target[empty]
    backoff_cost[automaton.source[empty]] = automaton.cost[empty]
    if empty.sum() != count - 1 or (backoff < 0).sum() != 1:
        raise ModelError(
            "语言模型不是回退 n-gram",
            expected="只有一个状态不回退",
            found=f"{(backoff < 0).sum()} 个",
            remedy="请换一个模型",
        )
    ends = np.flatnonzero(np.isfinite(automaton.final))
    return sorted_ngram(
        automaton.start,
        end,
        (
            np.concatenate([automaton.source[~empty], ends]),
            np.concatenate([automaton.label[~empty], np.full(len(ends), end)]),
            np.concatenate([automaton.target[~empty], np.full(len(ends), NOWHERE)]),
            np.concatenate([automaton.cost[~empty], automaton.final[ends]]),
        ),
        backoff,
        backoff_cost,
    )


def to_automaton(model: NGram) -> Automaton:
    """Return the model as Kaldi keeps it."""
    is_end = model.label == model.end
    final = np.full(len(model.backoff), np.inf)
    final[model.source[is_end]] = model.cost[is_end]
    below = np.flatnonzero(model.backoff >= 0)
    source = np.concatenate([below, model.source[~is_end]])
    label = np.concatenate([np.zeros(len(below), np.int64), model.label[~is_end]])
    target = np.concatenate([model.backoff[below], model.target[~is_end]])
    cost = np.concatenate([model.backoff_cost[below], model.cost[~is_end]])
    order = np.lexsort((label, source))
    return Automaton(model.start, final, source[order], label[order], target[order], cost[order])


def sorted_ngram(
    start: int, end: int, arcs: tuple[Ints, Ints, Ints, Floats], backoff: Ints, backoff_cost: Floats
) -> NGram:
    """Return a model of n-grams (source, label, target, cost) in any order."""
    order = np.lexsort((arcs[1], arcs[0]))
    source, label, target = (values[order] for values in arcs[:3])
    return NGram(start, end, source, label, target, arcs[3][order], backoff, backoff_cost)


def train(sentences: Iterable[Sequence[int]], end: int, order: int) -> tuple[NGram, list[Context]]:
    """Estimate a Kneser-Ney model of sentences of labels; return it and the context of each state."""
    with tempfile.TemporaryDirectory() as scratch:
        text, arpa = Path(scratch) / "text", Path(scratch) / "arpa"
        text.write_text("".join(" ".join(map(str, sentence)) + "\n" for sentence in sentences), "ascii")
        command = [sys.executable, "-m", "kaldingram.train", "--ngram-order", str(order)]
        subprocess.run([*command, "--text", str(text), "--lm", str(arpa)], check=True, capture_output=True)
        grams = dict(_read_arpa(arpa, end))
    contexts: list[Context] = sorted({gram[:-1] for gram in grams}, key=lambda context: (len(context), context))
    state = {context: number for number, context in enumerate(contexts)}

    def longest(gram: Context) -> int:
        return next(state[gram[i:]] for i in range(max(0, len(gram) - order + 1), len(gram) + 1) if gram[i:] in state)

    rows = [
        (state[gram[:-1]], gram[-1], NOWHERE if gram[-1] == end else longest(gram), cost)
        for gram, (cost, _) in grams.items()
        if gram[-1] != BEGIN
    ]
    arcs = tuple(np.array(column) for column in zip(*rows, strict=True))
    backoff = np.array([longest(context[1:]) if context else NOWHERE for context in contexts])
    backoff_cost = np.array([grams[context][1] if context else 0.0 for context in contexts])
    return sorted_ngram(state[BEGIN,], end, (arcs[0], arcs[1], arcs[2], arcs[3]), backoff, backoff_cost), contexts


def _read_arpa(path: Path, end: int) -> Iterator[tuple[Context, tuple[float, float]]]:
    """Yield n-grams with their cost and the cost of backing off from them."""
    names = {"<s>": BEGIN, "</s>": end}
    for line in path.read_text("ascii").splitlines():
        columns = line.split("\t")
        if len(columns) > 1:
            gram = tuple(names[word] if word in names else int(word) for word in columns[1].split())
            weight = float(columns[2]) if len(columns) > 2 else 0.0
            yield gram, (-LN_10 * float(columns[0]), -LN_10 * weight)
