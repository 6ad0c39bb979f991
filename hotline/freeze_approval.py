"""Payment-stop requests that wait for a second person: the maker is never the checker."""

from __future__ import annotations

from dataclasses import replace

from hotline import commands
from hotline.domain.freeze import FreezeRequest, FreezeStatus, validate
from hotline.domain.review import FreezeDecision
from hotline.errors import InputError, PermissionDenied, StateError
from hotline.events import EventType
from hotline.handlers import CLOCK_SKEW, check_account_limit, wake_dispatcher
from hotline.hub import Hub
from hotline.views import freeze_view

LONGEST_REASON = 500


def decide_freeze(hub: Hub, command: commands.DecideFreeze) -> FreezeRequest:
    """Let a waiting request go out, or send it back to its maker with a reason.

    Raises: PermissionDenied for the maker, StateError unless the request waits or when the account was stopped
    twice, InputError without a reason for sending back.
    """
    now, reason = hub.clock(), command.reason.strip()
    if len(reason) > LONGEST_REASON or not (command.approved or reason):
        raise InputError(
            "请说明理由", expected=f"1 到 {LONGEST_REASON} 字", found=f"{len(reason)} 字", remedy="请填写后再提交"
        )
    with hub.store.transaction() as uow:
        request = uow.freeze(command.request_id)
        if request.created_by == command.actor:
            raise PermissionDenied(
                "不能审核自己提交的申请", expected="另一人", found="提交人", remedy="请由其他审核人员处理"
            )
        if request.status is not FreezeStatus.POLICE_REVIEW:
            raise StateError("该申请不在待审状态", expected="police_review", found=request.status, remedy="请刷新页面")
        if command.approved:
            validate(request.fields, now + CLOCK_SKEW)
            check_account_limit(uow, request.fields.payee_account)
        status = FreezeStatus.CONFIRMED if command.approved else FreezeStatus.SENT_BACK
        saved = uow.save_freeze(replace(request.moved_to(status, now), message="" if command.approved else reason))
        uow.add_freeze_decision(FreezeDecision(request.id, command.actor, now, command.approved, reason))
        if command.approved:
            uow.enqueue("freeze", request.id, now)
        if saved.call_id:
            uow.append_event(saved.call_id, EventType.FREEZE, {"freeze": freeze_view(saved)})
        uow.audit(command.actor, "freeze.approve" if command.approved else "freeze.send_back", request.id)
    wake_dispatcher(hub)
    return saved
