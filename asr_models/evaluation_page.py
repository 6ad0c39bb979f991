"""The alignment page of an evaluation: one self-contained HTML file, worst utterances first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from asr_models.evaluation import Figures, Result, align, comparable, error_rate

TEMPLATE = "evaluation_page.html"


def render(results: Sequence[Result], rows: Sequence[Figures], manifest: str, model: str) -> str:
    """Return the page. Alignments are of the texts with spoken numbers written as digits."""
    cards: list[dict[str, Any]] = []
    for utterance, heard in results:
        said, text = comparable(utterance.reference, numbers=True), comparable(heard.text, numbers=True)
        card: dict[str, Any] = {
            "name": utterance.audio.name,
            "tags": utterance.tags,
            "reference": utterance.reference,
            "heard": heard,
            "pieces": list(align(said, text)),
            "rate": error_rate([(said, text)]).rate,
        }
        cards.append(card)
    cards.sort(key=lambda card: (bool(card["heard"].problem), card["rate"]), reverse=True)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template(TEMPLATE).render(cards=cards, rows=rows, manifest=manifest, model=model)
