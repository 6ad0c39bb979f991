"""Where a telephone system may send the audio of a call that it opened by the API."""

from __future__ import annotations

from hotline.domain.call import CallState
from hotline.errors import StateError
from hotline.hub import Hub


def address_of(hub: Hub, actor: str, call_id: str, protocol: str, channel: str) -> tuple[str, dict[str, str]]:
    """Return an address and what must be said on the connection. Raises: NotFoundError, StateError."""
    with hub.store.transaction() as uow:
        call = uow.call(call_id)
    if call.state is not CallState.LIVE:
        raise StateError("通话已经结束", expected=CallState.LIVE, found=call.state, remedy="请新建通话")
    raise StateError("该协议未启用", expected="已启用的协议", found=protocol, remedy="见 docs/telephony.md")
