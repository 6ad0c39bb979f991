"""Spoken numbers: a table of cases by hand, amounts, and what must never change."""

from __future__ import annotations

from pathlib import Path

import pytest

from hotline.numbers import Amount, normalise, parse_amount
from hotline.numerals import cardinal, spelt

TABLE = Path(__file__).parent / "data" / "numbers.tsv"


def cases() -> list[tuple[str, str]]:
    rows = [line.split("\t") for line in TABLE.read_text("utf-8").splitlines() if not line.startswith("#")]
    return [(spoken, written) for spoken, written, _kind in rows]


def test_the_table_is_large_and_says_nothing_twice() -> None:
    assert len({spoken for spoken, _ in cases()}) == len(cases()) >= 300


@pytest.mark.parametrize(("spoken", "written"), cases())
def test_spoken_numbers_are_written_as_digits(spoken: str, written: str) -> None:
    assert normalise(spoken) == written


@pytest.mark.parametrize(("spoken", "written"), cases())
def test_normalising_twice_changes_nothing(spoken: str, written: str) -> None:
    assert normalise(written) == written


@pytest.mark.parametrize(
    ("spoken", "amount"),
    [
        ("四万五", Amount(45000, False, 45000, 45000)),
        ("三千块钱", Amount(3000, False, 3000, 3000)),
        ("三点五万", Amount(35000, False, 35000, 35000)),
        ("1.2w", Amount(12000, False, 12000, 12000)),
        ("5k", Amount(5000, False, 5000, 5000)),
        ("十二块五", Amount(12, False, 12, 12)),
        ("三四万", Amount(30000, True, 30000, 40000)),
        ("四五十万", Amount(400000, True, 400000, 500000)),
        ("两三千块钱", Amount(2000, True, 2000, 3000)),
        ("十来万", Amount(100000, True, 100000, 120000)),
        ("十几万", Amount(110000, True, 110000, 190000)),
        ("二十多万", Amount(200000, True, 200000, 300000)),
        ("两万多块", Amount(20000, True, 20000, 30000)),
        ("五百多", Amount(500, True, 500, 600)),
        ("万把块", Amount(10000, True, 8000, 12000)),
        ("千把块钱", Amount(1000, True, 800, 1200)),
        ("大概五万左右", Amount(50000, True, 50000, 50000)),
    ],
)
def test_amounts(spoken: str, amount: Amount) -> None:
    assert parse_amount(spoken) == amount


@pytest.mark.parametrize("spoken", ["", "没有钱", "一下", "几万块", "百万保障", "钱已经转了"])
def test_no_amount_is_made_up(spoken: str) -> None:
    assert parse_amount(spoken) is None


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "零"),
        (16, "十六"),
        (110, "一百一十"),
        (10_500, "一万零五百"),
        (160_000, "十六万"),
        (466_653, "四十六万六千六百五十三"),
        (100_010_000, "一亿零一万"),
    ],
)
def test_numbers_are_spelt_as_they_are_said(value: int, said: str) -> None:
    assert spelt(value) == said


def test_what_is_spelt_is_read_as_the_same_number() -> None:
    values = [*range(2_000), *range(9_995, 200_000, 97), *range(10**6, 10**9, 7_654_321)]
    assert [value for value in values if cardinal(spelt(value)) != value] == []
