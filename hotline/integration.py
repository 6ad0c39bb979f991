"""What administrators and telephone systems ask for: keys, web hooks, calls by their external id."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from hotline import commands, handlers
from hotline.domain.call import Call, CallState
from hotline.domain.integration import (
    ApiKey,
    HookEvent,
    Scope,
    Webhook,
    hash_secret,
    key_id_of,
    new_hook_secret,
    new_key_token,
)
from hotline.errors import InputError, NotFoundError, StateError
from hotline.hub import Hub

USED_EVERY = timedelta(seconds=30)
"""`last_used_at` is this exact, so that reading does not write each time."""
NAME_LENGTH = 100
END_WAIT_S = 5.0


def create_api_key(hub: Hub, actor: str, name: str, scopes: Iterable[str]) -> tuple[ApiKey, str]:
    """Make a key; return it with its token, which is never shown again. Raises: InputError."""
    name, wanted = name.strip(), list(scopes)
    if not 0 < len(name) <= NAME_LENGTH:
        raise InputError(
            "密钥名称不对", expected=f"1 到 {NAME_LENGTH} 字", found=f"{len(name)} 字", remedy="请填写用途或系统名称"
        )
    if not wanted or not set(wanted) <= set(Scope):
        raise InputError("密钥权限不对", expected="、".join(Scope), found="空或未知的权限", remedy="请至少选择一项权限")
    key_id, token = new_key_token()
    key = ApiKey(key_id, name, hash_secret(token), frozenset(map(Scope, wanted)), actor, hub.clock())
    with hub.store.transaction() as uow:
        uow.save_api_key(key)
        uow.audit(actor, "api_key.create", key.id, " ".join(sorted(key.scopes)))
    return key, token


def revoke_api_key(hub: Hub, actor: str, key_id: str) -> None:
    """End a key for good. Raises: NotFoundError."""
    with hub.store.transaction() as uow:
        key = uow.api_key(key_id)
        if key is None:
            raise NotFoundError("没有这个密钥", expected="已有密钥的编号", found=key_id[:40], remedy="请刷新页面")
        if key.revoked_at is None:
            uow.save_api_key(replace(key, revoked_at=hub.clock()))
            uow.audit(actor, "api_key.revoke", key.id)


def key_of_token(hub: Hub, token: str) -> ApiKey | None:
    """Return the key that a token belongs to, noting its use; None for an unknown, wrong or revoked one."""
    key_id, now = key_id_of(token), hub.clock()
    with hub.store.transaction() as uow:
        key = uow.api_key(key_id) if key_id else None
        if key is None or not key.matches(token):
            return None
        if key.last_used_at is None or now - key.last_used_at > USED_EVERY:
            uow.key_used(key.id, now)
    return key


def create_webhook(hub: Hub, actor: str, url: str, events: Iterable[str]) -> Webhook:
    """Register an address; its secret is shown once. Raises: InputError."""
    wanted = list(events)
    try:
        parts = urlsplit(url.strip())
    except ValueError:  # a bracket without its end
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > 500 or parts.username:
        raise InputError(
            "回调地址不对", expected="http:// 或 https:// 开头的地址，不含用户名", found="其他内容", remedy="请改正地址"
        )
    if not wanted or not set(wanted) <= set(HookEvent):
        raise InputError("回调事件不对", expected="、".join(HookEvent), found="空或未知的事件", remedy="请至少选择一项")
    hook = Webhook(
        str(uuid.uuid4()), url.strip(), new_hook_secret(), frozenset(map(HookEvent, wanted)), actor, hub.clock()
    )
    with hub.store.transaction() as uow:
        uow.save_webhook(hook)
        uow.audit(actor, "webhook.create", hook.id, parts.hostname[:100])
    return hook


def set_webhook_active(hub: Hub, actor: str, webhook_id: str, active: bool) -> None:
    """Switch an address on or off; what waits for it is dropped while it is off. Raises: NotFoundError."""
    with hub.store.transaction() as uow:
        uow.save_webhook(replace(uow.webhook(webhook_id), active=active))
        uow.audit(actor, "webhook.enable" if active else "webhook.disable", webhook_id)


def operator_id(hub: Hub, operator: str) -> str | None:
    """Return the id of an operator given by user name or id, None for nobody. Raises: InputError."""
    if not operator:
        return None
    with hub.store.transaction() as uow:
        user = uow.user_by_name(operator) or uow.user(operator)
    if user is None or not user.active:
        raise InputError("没有这个坐席", expected="在用的用户名", found="查无此人", remedy="请核对 operator 参数")
    return user.id


def find_external_calls(hub: Hub, external_id: str, state: CallState | None, limit: int) -> list[Call]:
    """Return calls, newest first, by what a telephone system knows of them."""
    with hub.store.transaction() as uow:
        return uow.find_external_calls(external_id, state, limit)


def end_external_call(hub: Hub, actor: str, call_id: str) -> None:
    """End a live call and wait a little for its last words. Raises: NotFoundError, StateError."""
    hub.live.end(call_id, actor)
    hub.live.wait(call_id, END_WAIT_S)


def open_external_call(hub: Hub, actor: str, command: commands.StartCall) -> tuple[Call, bool]:
    """Open a call for a telephone system, once for each external id; return it and whether it is new.

    A live call that a stream opened under this id is that call.

    Raises: StateError when the external id was used for a call with other particulars.
    """
    if not command.external_id:
        return handlers.start_call(hub, command, actor=actor), True
    with hub.store.transaction() as uow:
        heard = next(iter(uow.find_external_calls(command.external_id, CallState.LIVE, 1)), None)
        call_id = heard.id if heard else str(uuid.uuid4())
        holder = uow.claim_external_id(command.external_id, call_id)
        if not heard and holder == call_id:
            return handlers.start_call_in(uow, hub, command, call_id, actor), True
        call = _completed(uow.call(holder), command)
        asked = (command.caller_number, command.operator_id, command.direction)
        if (call.caller_number, call.operator_id, call.direction) != asked:
            raise StateError(
                "这个外部编号已用于另一通电话",
                expected="相同的主叫号码、坐席和方向",
                found="内容不同",
                remedy="请为新的电话使用新的外部编号",
            )
        uow.save_call(call)
        return call, False


def _completed(call: Call, command: commands.StartCall) -> Call:
    """Return a call, perhaps one that a stream opened, with what was not known of it."""
    return replace(
        call,
        caller_number=call.caller_number or command.caller_number,
        operator_id=call.operator_id or command.operator_id,
        direction=call.direction or command.direction,
    )
