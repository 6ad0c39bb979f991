"""How much of the domain goes into the mixture: the share that helps held-out talk most and leaves ordinary speech alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from asr_models.adaptation.ngram import NGram

WEIGHTS = (0.05, 0.1, 0.2, 0.3, 0.5)
DEFAULT = 0.1
"""Where there is no ordinary text to choose by."""
HELD_OUT_EVERY = 5
LEAST_SENTENCES = 25
"""With fewer sentences of the domain nothing is held out, and `DEFAULT` is taken."""
WORST = 1.02
"""Perplexity of ordinary speech over the least that any weight gives: what is accepted."""
Sentences = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Trial:
    """Perplexities with one share of the domain; 0 is the model as it was."""

    weight: float
    domain: float
    general: float


def trials(
    base: NGram, domain: Sentences, general: Sentences, adapt: Callable[[Sentences, float], NGram]
) -> list[Trial]:
    """Return the perplexity of every fifth sentence of the domain, and of ordinary text, for each weight."""
    held_out = domain[::HELD_OUT_EVERY]
    training = [sentence for number, sentence in enumerate(domain) if number % HELD_OUT_EVERY]
    models = [(0.0, base), *((weight, adapt(training, weight)) for weight in WEIGHTS)]
    return [Trial(weight, model.perplexity(held_out), model.perplexity(general)) for weight, model in models]


def best(found: Sequence[Trial]) -> float:
    """Return the weight with the least perplexity of the domain among those that are about the best for ordinary speech.

    The smallest weight where every one is worse than none.
    """
    least = min(trial.general for trial in found)
    harmless = [trial for trial in found[1:] if trial.general <= WORST * least]
    return min(harmless, key=lambda trial: trial.domain).weight if harmless else min(WEIGHTS)
