"""Which reading of a long number is taken: it must be what was announced, and not much less likely than the best."""

from __future__ import annotations

import pytest

from asr_models.whisper_digits import NUMBER, Reading, choose, digits_of
from hotline.digit_sounds import is_dictation

CARD, PHONE, IDENTITY = "6222021234567890128", "13812345678", "11010519491231002X"


def test_a_card_whose_doubled_digit_was_dropped_is_found_among_the_readings() -> None:
    readings = [Reading(CARD.replace("222", "22"), 0.4), Reading(CARD[:-1] + "3", 1.0), Reading(CARD, 2.1)]
    assert choose(readings, "收款的卡号是") == CARD


@pytest.mark.parametrize(
    "before, expected", [("他的电话是", PHONE), ("收款的卡号是", None), ("我的身份证号是", None), ("", PHONE)]
)
def test_a_number_must_be_of_the_kind_that_was_announced(before: str, expected: str | None) -> None:
    assert choose([Reading(PHONE[:-1], 0.2), Reading(PHONE, 0.9)], before) == expected


@pytest.mark.parametrize("before, cost, taken", [("卡号", 4.9, True), ("卡号", 5.5, False), ("", 2.5, False)])
def test_what_fits_is_not_taken_when_it_is_far_less_likely(before: str, cost: float, taken: bool) -> None:
    assert (choose([Reading("622", 0.0), Reading(CARD, cost)], before) is not None) == taken


def test_a_card_of_an_unusual_length_gives_way_to_a_usual_one() -> None:
    usual, unusual = "6222020000000015", "62220200000000125"
    readings = [Reading(unusual, 0.5), Reading(usual, 1.0)]
    assert choose(readings, "卡号") == usual
    assert choose(readings[:1], "卡号") == unusual


def test_a_number_is_found_with_what_stands_around_it() -> None:
    match = NUMBER.fullmatch("卡号九五五八，八零六二零要三五八四六三三八六对吗？")
    assert match
    assert (match["before"], match["after"]) == ("卡号", "对吗？")
    assert digits_of(match["digits"]) == "9558806201358463386"
    assert not NUMBER.fullmatch("我转了三万五千块钱给他，他说三天以后还我")


@pytest.mark.parametrize(
    "text, before, digits",
    [
        ("接分证好时三三零零零六雕九八五零五二五", "接分证好时", "330006985"),
        ("他的电话是要七三二二十一哦九四三班", "他的电话是", "173221943"),
        ("卡号是三六器，车二要三，六九二五，对吗？", "卡号是", "362136925"),
    ],
)
def test_misheard_characters_between_digits_do_not_hide_a_number(text: str, before: str, digits: str) -> None:
    match = NUMBER.fullmatch(text)
    assert match
    assert (match["before"], digits_of(match["digits"])[: len(digits)]) == (before, digits)


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
