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
        self._by_external_id: dict[str, Call] = {}

    def known(self, external_id: str) -> Call | None:
        """Return the open call that was refused before under this id."""
        if call := self._by_external_id.get(external_id):
            with self._hub.store.transaction() as uow:
                call = uow.call(call.id)
            if call.state is CallState.LIVE:
                return call
            del self._by_external_id[external_id]
        return None

    def take(self, call: Call | None, command: commands.StartCall, error: CapacityError) -> None:
        """Say on the call's console that it is not transcribed; open it when the telephone system had not."""
        call = call or handlers.start_call(self._hub, command)
        if call.external_id:
            self._by_external_id[call.external_id] = call
        shown = snapshot(self._hub, call.id)["recognizer"]
        if not shown or shown["state"] != REFUSED:
            handlers.report_recognizer(self._hub, call.id, REFUSED, self._hub.recognizer_info, str(error))
