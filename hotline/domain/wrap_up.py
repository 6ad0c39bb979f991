"""What an operator says of a finished call: its one main outcome, side facts and money (domain rules, section 5).

The statistics that centres publish add up to all answered calls, so a call has exactly one main outcome; money that
was prevented, stopped and returned are three measures and are never added together.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hotline.domain.call import Disposition
from hotline.errors import InputError

MOST_FEN = 10**14
MOST_PERSONS = 999
LONGEST_NOTE = 2000
LONGEST_SUMMARY = 1000


class SideCode(StrEnum):
    """What else came of a call; any number of them."""

    VISIT = "visit"
    """劝阻未果转上门"""
    POLICE = "police"
    """转110/派出所"""
    STOP_REQUESTED = "stop_requested"
    CALL_BACK = "call_back"
    """约定回访"""
    DROPPED = "dropped"
    """断线待回拨"""
    MISDIAL = "misdial"
    NUISANCE = "nuisance"
    OTHER_OFFICE = "other_office"
    """转其他部门"""


EXPLAINS_OTHER = frozenset({SideCode.DROPPED, SideCode.MISDIAL, SideCode.NUISANCE, SideCode.OTHER_OFFICE})
"""A call that is none of the five outcomes says with one of these why."""


@dataclass(frozen=True)
class Money:
    """The four figures of a call, in fen."""

    at_risk_fen: int = 0
    """All that the victim stood to lose, or has lost."""
    prevented_fen: int = 0
    """Not paid because of the call (劝阻)."""
    stopped_fen: int = 0
    """Paid, then held at the bank (拦截)."""
    returned_fen: int = 0
    """Of what was stopped, back with the victim (返还)."""

    def check(self) -> None:
        """Raises: InputError for a figure outside 0 to 10^14 fen, or figures that contradict each other."""
        for name, chinese in MONEY_NAMES.items():
            if not 0 <= getattr(self, name) <= MOST_FEN:
                raise _wrong(chinese, "0 到 1 万亿元", "超出范围")
        if self.prevented_fen + self.stopped_fen > self.at_risk_fen:
            raise _wrong("涉险金额", "不小于避免损失与止付金额之和", "更小")
        if self.returned_fen > self.stopped_fen:
            raise _wrong("返还金额", "不大于止付金额", "更大")


MONEY_NAMES = {
    "at_risk_fen": "涉险金额",
    "prevented_fen": "避免损失金额",
    "stopped_fen": "止付金额",
    "returned_fen": "返还金额",
}


@dataclass(frozen=True)
class WrapUp:
    """The operator's account of one call. A later one replaces it; both stay stored."""

    call_id: str
    by: str
    at: datetime
    disposition: Disposition
    side_codes: tuple[SideCode, ...] = ()
    persons: int = 1
    """Persons whom the outcome concerns; statistics count persons, not calls."""
    money: Money = Money()
    note: str = ""
    summary: str = ""

    def check(self) -> None:
        """Raises: InputError naming the part that is wrong."""
        self.money.check()
        if not 0 <= self.persons <= MOST_PERSONS:
            raise _wrong("人数", f"0 到 {MOST_PERSONS}", str(self.persons))
        if len(self.note) > LONGEST_NOTE:
            raise _wrong("备注", f"不超过 {LONGEST_NOTE} 字", f"{len(self.note)} 字")
        if len(self.summary) > LONGEST_SUMMARY:
            raise _wrong("摘要", f"不超过 {LONGEST_SUMMARY} 字", f"{len(self.summary)} 字")
        if self.disposition is Disposition.OTHER and not EXPLAINS_OTHER & set(self.side_codes):
            raise _wrong("主要结果", "“其他”须注明误拨、骚扰、断线或转其他部门之一", "未注明")
        if self.disposition is Disposition.INTERCEPTED and not self.money.stopped_fen:
            raise _wrong("止付金额", "“拦截止付”须填大于 0 的止付金额", "0")


def _wrong(what: str, expected: str, found: str) -> InputError:
    return InputError(f"{what}不对", expected=expected, found=found, remedy="请核对后再保存")
