"""The two sides of a finished call were taken for one another: words, facts, label and recording change places."""

from __future__ import annotations

from hotline import commands
from hotline.domain.call import Call, CallState
from hotline.errors import StateError
from hotline.events import EventType
from hotline.handlers import refresh_entities
from hotline.hub import Hub


def swap_channels(hub: Hub, command: commands.SwapChannels) -> Call:
    """Make the operator's words the caller's and the other way round; doing it again undoes it.

    Facts are read again at once and the label soon after; an operator's label stands.
    Raises: NotFoundError, StateError while the call is live.
    """
    with hub.store.transaction() as uow:
        call = uow.call(command.call_id)
        if call.state is CallState.LIVE:
            raise StateError(
                "通话进行中，不能交换声道", expected="已结束的通话", found=call.state, remedy="请结束后再交换"
            )
        uow.swap_channels(call.id)
        uow.swap_second_pass(call.id)
        uow.append_event(call.id, EventType.CHANNELS_SWAPPED, {"by": command.actor})
        refresh_entities(uow, call.id)
        if hub.classifier is not None:
            uow.save_call(uow.call(call.id).heard_anew())
        uow.audit(command.actor, "call.swap", call.id)
        hub.recordings.swap(call.id)
    hub.decider.request(call.id)
    with hub.store.transaction() as uow:
        return uow.call(call.id)
