"""Marks for the eye: only where there are none, never inside a number, never in what is stored."""

from __future__ import annotations

from dataclasses import replace

from hotline.domain.segment import Segment, Word
from hotline.punctuation import marks, stops
from hotline.views import segment_view

SAID = "你好刚才有个自称公安局的打电话给我说我涉嫌洗钱要来抓我"
HEARD = Segment("a", "c", "caller", SAID, SAID, 0.0, 10.0)


def test_text_without_marks_gets_some_and_stays_as_it_was() -> None:
    found = stops(HEARD)
    assert found and found[-1] == (len(SAID), "。") and len(found) > 1
    view = segment_view(HEARD)
    assert view["text"] == view["normalised"] == SAID and view["stops"] == [list(stop) for stop in found]


def test_text_with_marks_and_short_text_are_left_alone() -> None:
    assert (
        stops(replace(HEARD, text="你好，" + SAID)) == []
        and stops(replace(HEARD, text="好的", normalised="好的")) == []
    )


def test_a_question_ends_with_its_mark() -> None:
    assert marks("您转了多少钱")[-1][1] == "？"


def test_no_mark_comes_into_a_number_and_a_pause_makes_a_comma() -> None:
    assert not [place for place, _ in marks("卡号6222020200001234567他说的") if 2 < place < 21]
    words = tuple(
        Word(c, n + (2 if n > 2 else 0), n + 1.0 + (2 if n > 2 else 0)) for n, c in enumerate("甲乙丙丁戊己庚")
    )
    text = "甲乙丙丁戊己庚"
    heard = Segment("a", "c", "caller", text, text, 0.0, 9.0, words=words)
    assert 3 in dict(stops(heard))
