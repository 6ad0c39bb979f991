"""Which card comes first, and that none shows an unfilled placeholder."""

from __future__ import annotations

import pytest

from hotline.scripts import ScriptLibrary
from hotline.taxonomy import load_taxonomy

LIBRARY = ScriptLibrary.load()


@pytest.mark.parametrize("label", [None, *load_taxonomy().codes])
def test_every_label_has_cards_without_placeholders(label: str | None) -> None:
    cards = LIBRARY.cards(label)
    assert cards[-1].kind == "closing"
    assert len({card.id for card in cards}) == len(cards)
    assert all(card.lines and "{" not in "".join(card.lines) for card in cards)


def test_unanswered_questions_come_first_and_go_when_answered() -> None:
    assert LIBRARY.cards("authority")[0].kind == "question"
    assert LIBRARY.cards("authority", money_gone=False, being_coached=False)[0].kind == "opening"


def test_a_caller_who_is_being_coached_or_has_paid_comes_before_the_type() -> None:
    kinds = [card.kind for card in LIBRARY.cards("authority", money_gone=True, being_coached=True)]
    assert kinds[:3] == ["coached", "paid", "action"]


def test_an_ordinary_call_is_not_asked_about_a_fraud() -> None:
    assert {card.kind for card in LIBRARY.cards("not_fraud")} & {"question", "isolation"} == set()


def test_values_fill_the_lines() -> None:
    closing = LIBRARY.cards(None, values={"回访号码": "0000-96110"})[-1]
    assert any("0000-96110" in line for line in closing.lines)
