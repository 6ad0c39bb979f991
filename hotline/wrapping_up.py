"""The end of a call: the operator's account of it, stored with its place in the statistics."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from hotline.domain.call import CallState, Disposition
from hotline.domain.wrap_up import MONEY_NAMES, Money, SideCode, WrapUp
from hotline.errors import InputError, StateError
from hotline.events import EventType
from hotline.hub import Hub
from hotline.views import wrap_up_view
from hotline.wrap_up_draft import Clause, draft_summary, suggested_money

C = TypeVar("C", bound=StrEnum)


def save_wrap_up(hub: Hub, wrap_up: WrapUp) -> WrapUp:
    """Store the account of a finished call; an earlier one stays stored. Raises: InputError, StateError."""
    wrap_up.check()
    with hub.store.transaction() as uow:
        call = uow.call(wrap_up.call_id)
        if call.state is CallState.LIVE:
            raise StateError("通话尚未结束", expected="ended", found=call.state, remedy="请先结束通话")
        local = call.started_at.astimezone(ZoneInfo(hub.config["time_zone"]))
        uow.add_wrap_up(wrap_up, local.strftime("%Y-%m-%d"), local.hour)
        uow.save_call(replace(call, disposition=wrap_up.disposition))
        uow.append_event(call.id, EventType.WRAP_UP, {"wrap_up": wrap_up_view(wrap_up)})
        uow.audit(wrap_up.by, "call.wrap_up", call.id, wrap_up.disposition)
    return wrap_up


def draft_wrap_up(hub: Hub, call_id: str) -> tuple[Money, list[Clause]]:
    """Return the money and the summary that the call's own facts give. Raises: NotFoundError."""
    with hub.store.transaction() as uow:
        call, freezes = uow.call(call_id), uow.freezes(call_id=call_id)
        entities, segments = uow.entities(call_id), uow.segments(call_id)
    zone = ZoneInfo(hub.config["time_zone"])
    return suggested_money(call, freezes), draft_summary(call, entities, segments, freezes, zone)


def parse_wrap_up(hub: Hub, call_id: str, actor: str, form: dict[str, Any]) -> WrapUp:
    """Read a wrap-up from JSON. Raises: InputError naming the part that is wrong."""
    codes = form.get("side_codes") or []
    if not isinstance(codes, list):
        raise _wrong("side_codes", "列表")
    money = {name: _whole(form, name) for name in MONEY_NAMES}
    return WrapUp(
        call_id,
        actor,
        hub.clock(),
        _one_of(Disposition, form.get("disposition"), "disposition"),
        tuple(dict.fromkeys(_one_of(SideCode, code, "side_codes") for code in codes)),
        _whole(form, "persons"),
        Money(**money),
        str(form.get("note") or "").strip(),
        str(form.get("summary") or "").strip(),
    )


def _one_of(kind: type[C], value: object, name: str) -> C:
    try:
        return kind(str(value))
    except ValueError:
        raise _wrong(name, "、".join(kind)) from None


def _whole(form: dict[str, Any], name: str) -> int:
    value = form.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(name, "整数")
    return value


def _wrong(name: str, expected: str) -> InputError:
    return InputError("话后处理内容不对", expected=f"{name}：{expected}", found="其他", remedy="请改正后再保存")
