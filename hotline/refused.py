"""Calls beyond the limit: nobody transcribes them, but the operator sees them and works by hand."""

from __future__ import annotations

from hotline import commands, handlers
from hotline.domain.call import Call, CallState
from hotline.errors import CapacityError
from hotline.hub import Hub
from hotline.queries import snapshot

REFUSED = "refused"


class RefusedCalls:
    """Opens telephone calls that found no room, once each, so that they can be worked on by hand. Not thread-safe."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._calls: dict[str, Call] = {}
        """By external id, or by operator where a stream names its operator only."""

    def known(self, key: str) -> Call | None:
        """Return the call that was refused before under an external id or operator, if it is still open."""
        if call := self._calls.get(key):
            with self._hub.store.transaction() as uow:
                call = uow.call(call.id)
            if call.state is CallState.LIVE:
                return call
            del self._calls[key]
        return None

    def take(self, call: Call | None, command: commands.StartCall, error: CapacityError) -> None:
        """Say on the call's console that it is not transcribed; open it when the telephone system had not.

        A stream that names neither call nor operator opens none: nobody would know whose it is.
        """
        key = (call.external_id if call else command.external_id) or command.operator_id
        if call is None and not key:
            return
        call = call or self.known(key or "") or handlers.start_call(self._hub, command)
        if key:
            self._calls[key] = call
        shown = snapshot(self._hub, call.id)["recognizer"]
        if not shown or shown["state"] != REFUSED:
            handlers.report_recognizer(self._hub, call.id, REFUSED, self._hub.recognizer_info, str(error))
