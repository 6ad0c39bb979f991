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
    ("lines", "values"),
    [
        (("先交十六万六千六百五十三块钱保证金", "坐席：四十六万六千六百五十三块钱对吧"), [166653]),
        (("我卡里少了八万块", "坐席：十八万块钱对"), [80000]),
        (("我转了十二万", "坐席：好，四十二万对吧"), [120000]),
        (("我转了八万", "坐席：您一共转了十八万对吧"), [180000]),
        (("我转了十六万", "坐席：您说的四十六万对吧"), [460000]),
        (("我转了八千块", "坐席：一万八千块对吧"), [18000]),
        (("我转了六万", "坐席：四十六万对吧"), [460000]),
    ],
)
def test_is_before_a_sum_that_is_read_back_is_no_numeral(lines: tuple[str, ...], values: list[int]) -> None:
    assert sums(*lines) == values


@pytest.mark.parametrize(
    ("lines", "values"),
    [
        (("先交五万二块钱保证金", "坐席：是五万块钱对班"), [52000]),
        (("先交五万块钱保证金", "坐席：是五万二块钱对吧"), [52000]),
        (("一共被骗了八千六百人", "坐席：仙六百元，我记下了"), [8600]),
        (("转了二十三万四千", "坐席：是二十三万对吧"), [234000]),
        (("转了两万", "坐席：您一共转了二十万，对吗"), [200000]),
        (("转了五万块", "坐席：是五万二对吧", "不对，是五万"), [50000, 52000]),
        (("转了五万块", "坐席：好，我记下了", "后来又转了五万二"), [50000, 52000]),
        (("转了五万块", "坐席：对方姓什么", "姓王，后来又转了五万二", "坐席：是五万二对吧"), [50000, 52000]),
        (("转了五万块", "坐席：后来又转了五万二是吗", "对"), [50000, 52000]),
        (("又转了五万块", "坐席：又转了五万二是吗", "对"), [52000]),
        (("卡里有五万二", "坐席：先冻结五万"), [52000, 50000]),
        (("一共转了三万五千二百", "坐席：其中三百是手续费对吗"), [35200, 300]),
        (("转了三万五", "坐席：手续费是五百，对吗"), [35000, 500]),
        (("转了五万", "坐席：是五万二千三百块对吧"), [52300]),
        (("先转了五万二", "坐席：好，五万"), [52000]),
        (("每次两百元", "坐席：好的，感谢您的配合。查到一笔二百五十六元"), [200, 256]),
        (("每次两百元", "坐席：查到一笔二百五十六元，我要确认您的身份"), [200, 256]),
    ],
)
def test_of_a_sum_and_a_part_of_it_the_fuller_was_said(lines: tuple[str, ...], values: list[int]) -> None:
    assert sums(*lines) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("被骗了十九万三千六百九十一人", [193691]),
        ("我们被他骗了一万二千人。", [12000]),
        ("一共被骗了8600人", [8600]),
        ("他骗了我三千人，", [3000]),
        ("让我先交八千人", [8000]),
        ("我卡里少了三千人", [3000]),
        ("转给他三万人对吧", [30000]),
        ("骗了三千人", []),
        ("骗了三千多人", []),
        ("被骗了三千多人", []),
        ("被骗了五百人", []),
        ("被骗的有三千人", []),
        ("全国被骗了三千人", []),
        ("新闻说我们小区里已经被骗了三千人", []),
        ("他骗了我们三千人", []),
        ("公司少了三千人", []),
        ("要应付三千人", []),
    ],
)
def test_people_behind_a_sum_that_was_lost_or_paid_are_yuan(text: str, values: list[int]) -> None:
    assert sums(text) == values


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
