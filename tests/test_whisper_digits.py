"""Numbers as the digit head hears them: which reading is taken, and where in Whisper's text it belongs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from asr_models.digit_head import (
    BLANK,
    CLASSES,
    FIRST_DIGIT,
    OTHER,
    Reading,
    Syllable,
    cost_of,
    readings,
    runs,
    syllables,
)
from asr_models.whisper_digits import DigitReader, choose, places
from hotline.digit_sounds import is_dictation

CARD, PHONE, IDENTITY = "6222021234567890128", "13812345678", "11010519491231002X"


def heard_as(said: str) -> list[Syllable]:
    """Return syllables, two frames each; `x` is no digit."""
    return [Syllable(None if sound == "x" else sound, 2 * index) for index, sound in enumerate(said)]


def frames(said: str, share: float = 0.98) -> np.ndarray:
    """Return what the network gives for these sounds: each in one frame with such a probability, then nothing new."""
    rows = []
    for sound in said:
        row = np.full(CLASSES, (1 - share) / (CLASSES - 1))
        row[OTHER if sound == "x" else FIRST_DIGIT + int(sound)] = share
        nothing = np.full(CLASSES, 1e-6)
        nothing[BLANK] = 1.0
        rows += [row, nothing]
    return np.log(np.array(rows))


class Head:
    """Hears these sounds, whatever is encoded."""

    def __init__(self, said: str, share: float = 0.98) -> None:
        self.found = frames(said, share)

    def probabilities(self, encoded: object, seconds: float) -> np.ndarray:
        return self.found


def mended(text: str, said: str, share: float = 0.98) -> str:
    return DigitReader(Head(said, share)).improve(text, None, 1.0)  # type: ignore[arg-type]


def test_equal_digits_in_a_row_are_all_heard() -> None:
    found = frames("x5588x")
    assert [syllable.digit for syllable in syllables(found)] == [None, "5", "5", "8", "8", None]
    best = readings(frames("5588"))[0]
    assert best.digits == "5588"
    assert best.cost == pytest.approx(-4 * math.log(0.98), abs=0.05)


def test_readings_are_sorted_and_hold_the_second_choice() -> None:
    found = frames("12")
    found[2, FIRST_DIGIT + 7] = math.log(0.4)
    found[2, FIRST_DIGIT + 2] = math.log(0.5)
    assert [reading.digits for reading in readings(found)[:2]] == ["12", "17"]


def test_the_cost_of_given_digits_is_that_of_the_search() -> None:
    found = frames("6217003", share=0.9)
    for reading in readings(found)[:5]:
        assert cost_of(found, reading.digits) == pytest.approx(reading.cost, abs=0.02)
    assert cost_of(found, "7") > cost_of(found, "6217003")


def test_stretches_of_digits_are_found() -> None:
    assert runs(heard_as("xx6217xx12x0000"), 4) == [(2, 6), (11, 15)]


@pytest.mark.parametrize(
    "text, said, expected",
    [
        ("收款的卡号是六二二零二，对吗？", "xxxxxx622202xx", "六二二零二"),
        ("卡号要六的八，好。", "xx1608x", "要六的八"),
        ("周困的卡后六二一六", "xxxxx6216", "六二一六"),
        ("六二一七，零零零零。", "621700000", "六二一七，零零零零"),
    ],
)
def test_a_number_replaces_what_whisper_wrote_in_its_place(text: str, said: str, expected: str) -> None:
    heard = heard_as(said)
    ((start, end),) = places(text, heard, runs(heard, 4))
    assert text[start:end] == expected


def test_a_number_that_whisper_left_out_is_put_where_it_was_said() -> None:
    assert mended("卡号是，对吗", "xxx6217xx") in ("卡号是六二一七，对吗", "卡号是，六二一七对吗")


def test_doubled_digits_that_whisper_dropped_come_back() -> None:
    assert mended("后面是五八零，对吧", "xxx55880xx") == "后面是五五八八零，对吧"


def test_two_numbers_in_one_text_are_both_mended() -> None:
    assert mended("尾号三二四，电话要三八零零", "xx3224xx13800") == "尾号三二二四，电话一三八零零"


@pytest.mark.parametrize("text", ["我转了三万五千块钱给他", "是不是，试试看", "他让我报警，打幺幺零"])
def test_what_holds_no_dictated_number_stays(text: str) -> None:
    assert mended(text, "x" * len(text)) == text


def test_a_head_that_is_not_sure_changes_nothing() -> None:
    assert mended("是不是试试看", "444444", share=0.6) == "是不是试试看"
    assert mended("卡号是六二一七", "xxx6517", share=0.3) == "卡号是六二一七"


def test_digits_that_are_likelier_no_digits_do_not_empty_the_text() -> None:
    found = frames("6217", share=0.4)
    found[::2, OTHER], found[::2, BLANK] = math.log(0.35), math.log(0.2)
    head = Head("x")
    head.found = found
    assert DigitReader(head).improve("卡号六三三三", None, 1.0) == "卡号六三三三"  # type: ignore[arg-type]


def test_where_the_head_wavers_whisper_is_believed() -> None:
    found = frames("6217")
    found[4, FIRST_DIGIT + 1], found[4, FIRST_DIGIT + 7] = math.log(0.3), math.log(0.6)
    head = Head("x")
    head.found = found
    assert DigitReader(head).improve("六二一七", None, 1.0) == "六二一七"  # type: ignore[arg-type]
    assert DigitReader(head).improve("六二三七", None, 1.0) == "六二七七"  # type: ignore[arg-type]


def test_a_likely_card_with_a_right_check_digit_is_taken_before_the_likeliest() -> None:
    said = frames("xx" + CARD)
    last = 2 * (1 + len(CARD))
    said[last, FIRST_DIGIT + 3], said[last, FIRST_DIGIT + int(CARD[-1])] = math.log(0.6), math.log(0.35)
    head = Head("x")
    head.found = said
    text = DigitReader(head).improve("卡号" + "六" * len(CARD), None, 1.0)  # type: ignore[arg-type]
    assert text.endswith("二八")


@pytest.mark.parametrize(
    "before, expected", [("他的电话是", PHONE), ("收款的卡号是", None), ("我的身份证号是", None), ("", PHONE)]
)
def test_a_number_must_be_of_the_kind_that_was_announced(before: str, expected: str | None) -> None:
    assert choose([Reading(PHONE[:-1], 0.2), Reading(PHONE, 0.9)], before) == expected


@pytest.mark.parametrize("before, cost, taken", [("卡号", 5.9, True), ("卡号", 6.5, False), ("", 3.5, False)])
def test_what_fits_is_not_taken_when_it_is_far_less_likely(before: str, cost: float, taken: bool) -> None:
    assert (choose([Reading("622", 0.0), Reading(CARD, cost)], before) is not None) == taken


def test_a_card_of_an_unusual_length_gives_way_to_a_usual_one() -> None:
    usual, unusual = "6222020000000015", "62220200000000125"
    found = [Reading(unusual, 0.5), Reading(usual, 1.0)]
    assert choose(found, "卡号") == usual
    assert choose(found[:1], "卡号") == unusual


@pytest.mark.parametrize(
    "text, told",
    [
        ("收款的卡号是", True),
        ("收款的卡号是六二", True),
        ("卡号六二二二，", True),
        ("八零六二", True),
        ("收款的卡号是六二要六的", True),
        ("卡后六二腰流", True),
        ("我一共转了三万五", False),
        ("他说他是公安局的", False),
        ("卡号六二二二零二，五五八，对吗", False),
    ],
)
def test_a_dictation_is_known_by_how_the_running_text_ends(text: str, told: bool) -> None:
    assert is_dictation(text) == told
