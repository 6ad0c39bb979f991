"""Sums and dictated digits as recognisers mishear them, and what a read-back settles. The lines are real mishearings."""

from __future__ import annotations

import pytest

from hotline.domain.entities import EntityType
from hotline.domain.segment import Segment, Turn, Word
from hotline.entities import extract, extract_segments
from hotline.entity_rules.money_sounds import hear_money
from hotline.numbers import normalise


def sums(*lines: str) -> list[str | int]:
    """Return the sums of a talk; the operator's lines begin with `坐席`."""
    turns = [
        Turn("operator", line.removeprefix("坐席：")) if line.startswith("坐席：") else Turn("caller", line)
        for line in lines
    ]
    return [entity.value for entity in extract(turns) if entity.type is EntityType.AMOUNT]


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        (("我转过去付钱五百块钱", "坐席：你一共转了四千五百元，对吗？"), [4500]),
        (("第二次又转了三万四元", "坐席：再问四元，我记下了。"), [34000]),
        (("我卡里少了八万一块", "坐席：十八万一块钱 对吧"), [81000]),
        (("转了三万", "坐席：五万，对吗", "不对，是三万"), [30000, 50000]),
        (("转了三万又转了五万", "坐席：您一共转了八万对吗"), [30000, 50000, 80000]),
        (("先转了一千后来转了三万", "坐席：第一笔是一千对吗"), [1000, 30000]),
        (("转了三万", "坐席：他的手机号是多少"), [30000]),
    ],
)
def test_a_read_back_settles_what_was_misheard(lines: tuple[str, ...], values: list[int]) -> None:
    assert sums(*lines) == values


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("第二次又转了四十四万九七二百九十一人", "第二次又转了四十四万九千二百九十一元"),
        ("好，十六二千七百三十四元", "好，十六万二千七百三十四元"),
        ("我转过七六万块钱", "我转过去六万块钱"),
        ("十一千八百块钱，对吧", "是一千八百块钱，对吧"),
    ],
)
def test_misheard_words_of_sums_are_put_right(heard: str, meant: str) -> None:
    assert hear_money(heard) == meant


@pytest.mark.parametrize(
    "text", ["转过七千块", "来了三万员工", "骗了三千人", "一千七百块", "十二万块", "十块钱", "二十七块", "四千块"]
)
def test_sound_sums_stay(text: str) -> None:
    assert hear_money(text) == text


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("卡号四三六七四二十一四八五二", "卡号436742414852"),
        ("六二二八四八三山七三五三七九四", "622848337353794"),
        ("电话幺三八零零零零一二三四就这样", "电话13800001234就这样"),
        ("一共三十五万", "一共350000"),
        ("十六二千七百三十四元", "十六二千七百三十四元"),
    ],
)
def test_words_inside_dictated_digits_are_digits(heard: str, written: str) -> None:
    assert normalise(heard) == written


def numbers(*lines: str) -> list[str | int]:
    """Return the long numbers of a talk between caller and, behind `坐席：`, operator."""
    turns = [
        Turn("operator", line.removeprefix("坐席：")) if line.startswith("坐席：") else Turn("caller", line)
        for line in lines
    ]
    long = (EntityType.BANK_CARD, EntityType.PHONE, EntityType.ID_NUMBER)
    return [entity.value for entity in extract(turns) if entity.type in long]


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        (
            (
                "收款的卡号是四三六七四二十一九四八五二五三八八八五零",
                "坐席：卡号数三六七四二十一",
                "坐席：四八五二五三八八八五零对吗？",
            ),
            ["4367424148525388850"],
        ),
        (("电话是幺三零四七四三九五七五", "坐席：电话幺三零四七四三九五五对吗"), ["13047439575"]),
        (("电话是幺三零四七四三九五", "坐席：电话幺三零四七四三九五七五对吗"), ["13047439575"]),
        (
            ("电话是幺三零四七四三九五七五", "坐席：幺三零四七四三九五七五对吗", "不对，是幺三零四七四三九五七六"),
            ["13047439576"],
        ),
        (
            ("电话是幺三零四七四三九五七五", "坐席：他的另一个电话是幺八六零零零零幺二三四吗"),
            ["13047439575", "18600001234"],
        ),
    ],
)
def test_two_readings_of_a_number_are_put_together(lines: tuple[str, ...], values: list[str]) -> None:
    assert numbers(*lines) == values


def test_each_digit_has_its_second() -> None:
    words = tuple(Word(text, 10 + place / 2, 10.5 + place / 2) for place, text in enumerate("电话幺三零四七四三"))
    first = Segment("a", "c", "caller", "电话幺三零四七四三", "", 10.0, 14.5, words=words)
    second = Segment("b", "c", "caller", "九五七五", "", 20.0, 24.0)
    (phone,) = (e for e in extract_segments([first, second]) if e.type is EntityType.PHONE)
    assert phone.value == "13047439575"
    assert phone.digits_s == (11.0, 11.5, 12.0, 12.5, 13.0, 13.5, 14.0, 20.0, 21.0, 22.0, 23.0)
