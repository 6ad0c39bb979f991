"""Two n-gram models into one: static linear interpolation, p = (1 - w) p(base) + w p(domain) in every context.

After it, back-off weights are computed anew, so that each context sums to one (Stolcke, SRILM, 2002: `-mix-lm`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from asr_models.adaptation.ngram import BEGIN, NOWHERE, Context, NGram, sorted_ngram
from asr_models.adaptation.openfst import Ints

LEAST = 1e-9
"""Probability that is left for words that a context does not list, where rounding would leave none."""


def mix(base: NGram, domain: NGram, contexts: Sequence[Context], weight: float) -> NGram:
    """Return the mixture. `contexts` are those of the domain's states; `weight` in (0, 1) is the domain's share."""
    known = len(base.backoff)
    united, backoff = _unite_states(base, contexts)
    order = np.concatenate([base.order, [len(c) for c, s in zip(contexts, united, strict=True) if s >= known]])
    source, label = _unite_grams(base, domain, united)
    target = _targets(base, source, label, contexts, united, backoff)
    in_base = np.concatenate([np.arange(known), backoff[known:]])
    in_domain = np.full(len(backoff), NOWHERE)
    in_domain[united] = np.arange(len(united))
    for length in range(int(order.max()) + 1):
        at = order == length
        in_base[at] = np.where(in_base[at] >= known, in_base[in_base[at]], in_base[at])
        in_domain[at] = np.where(in_domain[at] < 0, in_domain[backoff[at]], in_domain[at])
    chance = (1 - weight) * np.exp(-base.costs(in_base[source], label))
    chance += weight * np.exp(-domain.costs(in_domain[source], label))
    arcs = (source, label, target, -np.log(chance))
    return _with_backoff(sorted_ngram(base.start, base.end, arcs, backoff, np.zeros(len(backoff))), order)


def _unite_states(base: NGram, contexts: Sequence[Context]) -> tuple[Ints, Ints]:
    """Return the state of each context, in the base or new behind it, and where all states back off to."""
    state: dict[Context, int] = {}
    added: list[int] = []
    for context in contexts:
        if context == ():
            state[context] = base.root
        elif context == (BEGIN,):
            state[context] = base.start
        else:
            parent = state[context[:-1]]
            place = int(base.find(parent, context[-1])) if parent < len(base.backoff) else -1
            reached = int(base.target[place]) if place >= 0 else NOWHERE
            if reached >= 0 and base.order[reached] == len(context):
                state[context] = reached
            else:
                state[context] = len(base.backoff) + len(added)
                added.append(state[context[1:]])
    return np.array([state[context] for context in contexts]), np.concatenate([base.backoff, added]).astype(np.int64)


def _unite_grams(base: NGram, domain: NGram, united: Ints) -> tuple[Ints, Ints]:
    """Return state and word of the n-grams of both models, each once."""
    source, known = united[domain.source], len(base.backoff)
    new = (source >= known) | (base.find(np.minimum(source, known - 1), domain.label) < 0)
    return np.concatenate([base.source, source[new]]), np.concatenate([base.label, domain.label[new]])


def _targets(base: NGram, source: Ints, label: Ints, contexts: Sequence[Context], united: Ints, backoff: Ints) -> Ints:
    """Return the state of the longest context that each n-gram ends with."""
    added = [
        (united[contexts.index(c[:-1])], c[-1], s)
        for c, s in zip(contexts, united, strict=True)
        if s >= len(base.backoff)
    ]
    new = np.array(added, np.int64).reshape(-1, 3)
    longer = np.flatnonzero((base.target >= 0) & (base.order[base.target] == base.order[base.source] + 1))
    width = base.end + 1
    key = np.concatenate([base.source[longer] * width + base.label[longer], new[:, 0] * width + new[:, 1]])
    order = np.argsort(key)
    key, state = key[order], np.concatenate([base.target[longer], new[:, 2]])[order]
    target = np.where(label == base.end, NOWHERE, base.root)
    waiting, at = np.flatnonzero(label != base.end), source[label != base.end]
    while len(waiting):
        wanted = at * width + label[waiting]
        place = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        found = key[place] == wanted
        target[waiting[found]] = state[place[found]]
        waiting, at = waiting[~found], backoff[at[~found]]
        waiting, at = waiting[at >= 0], at[at >= 0]
    return target


def _with_backoff(model: NGram, order: Ints) -> NGram:
    """Return the model with back-off weights that make every context sum to one."""
    chance = np.exp(-model.cost)
    cost = np.zeros(len(model.backoff))
    present = replace(model, backoff_cost=cost)
    for length in range(1, int(order.max()) + 1):
        grams = np.flatnonzero(order[model.source] == length)
        own, lower = np.zeros(len(cost)), np.zeros(len(cost))
        np.add.at(own, model.source[grams], chance[grams])
        shorter = np.exp(-present.costs(model.backoff[model.source[grams]], model.label[grams]))
        np.add.at(lower, model.source[grams], shorter)
        at = order == length
        left = np.maximum(1 - own[at], LEAST) / np.maximum(1 - lower[at], LEAST)
        cost[at] = -np.log(left)
    return present
