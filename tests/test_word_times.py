"""Times of corrected words."""

from __future__ import annotations

import itertools

from hotline.domain.segment import Word
from hotline.word_times import retimed

HEARD = tuple(Word(text, place * 0.5, place * 0.5 + 0.5) for place, text in enumerate("我转了四万"))


def times(text: str, words: tuple[Word, ...] = HEARD) -> list[tuple[str, float, float]]:
    return [(word.text, word.start_s, word.end_s) for word in retimed(words, text, 0.0, 2.5)]


def test_words_that_stay_keep_their_times() -> None:
    assert times("我转了四万") == [(word.text, word.start_s, word.end_s) for word in HEARD]


def test_a_replaced_word_lies_where_the_old_one_was() -> None:
    assert times("我转了九万")[3] == ("九", 1.5, 2.0)


def test_added_words_share_the_gap_between_their_neighbours_and_time_never_runs_back() -> None:
    found = times("我已经转了四万块钱")
    assert found[0] == ("我", 0.0, 0.5)
    assert found[-1][2] == 2.5
    assert all(a[2] == b[1] and a[1] <= a[2] for a, b in itertools.pairwise(found))


def test_without_words_the_text_is_spread_evenly() -> None:
    assert times("两字", ()) == [("两", 0.0, 1.25), ("字", 1.25, 2.5)]


def test_letters_and_numbers_stay_together() -> None:
    assert [word for word, *_ in times("下载ZOOM 转45000")] == ["下", "载", "ZOOM", " 转", "45000"]
