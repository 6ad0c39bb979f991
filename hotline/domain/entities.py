"""Facts heard in a call: accounts, amounts, phones and the like, each tied to where it was said."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EntityType(StrEnum):
    """Kinds of entities; the values are the ones of the `entities` command line."""

    PHONE = "phone"
    BANK_CARD = "bank_card"
    AMOUNT = "amount"
    BANK = "bank"
    URL = "url"
    APP = "app"
    TIME = "time"
    ALIPAY = "alipay"
    PERSON = "person"
    ID_NUMBER = "id_number"
    WECHAT = "wechat"


SENSITIVE_TYPES = frozenset(
    {
        EntityType.PHONE,
        EntityType.BANK_CARD,
        EntityType.ALIPAY,
        EntityType.PERSON,
        EntityType.ID_NUMBER,
        EntityType.WECHAT,
    }
)


@dataclass(frozen=True)
class Entity:
    """One fact. `value` is canonical: digits without separators, amounts as integer yuan."""

    type: EntityType
    value: str | int
    turn: int
    """Index of the turn where it was said last (a read-back by the operator moves it)."""
    text: str = ""
    """The words it was read from."""
    speaker: str = ""
    start_s: float | None = None
    """Seconds from the start of the call; None where the turn carries no times."""
    end_s: float | None = None
    warnings: tuple[str, ...] = ()
    """Codes such as `luhn`, `phone_range`, `id_check_digit`, `approximate`: they warn and never block."""
    confirmed: bool = False
    """True when the other speaker read the same value back."""
    digits_s: tuple[float, ...] = ()
    """Second at which each digit of an account, a telephone or an identity number was said; empty for the others."""
