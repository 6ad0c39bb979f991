"""The part of the unit-of-work seam that serves other programs: API keys, web hooks, external call ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from hotline.domain.call import Call, CallState
from hotline.domain.integration import ApiKey, HookDelivery, Webhook


class IntegrationUnitOfWork(Protocol):
    """Keys, hooks and external ids within one transaction."""

    def api_keys(self) -> list[ApiKey]:
        """Return all keys, newest first."""

    def api_key(self, key_id: str) -> ApiKey | None:
        """Return a key by id."""

    def save_api_key(self, key: ApiKey) -> None:
        """Store a new or changed key."""

    def key_used(self, key_id: str, at: datetime) -> None:
        """Note when a key was last used."""

    def webhooks(self) -> list[Webhook]:
        """Return all web hooks, newest first."""

    def webhook(self, webhook_id: str) -> Webhook:
        """Return a web hook. Raises: NotFoundError."""

    def save_webhook(self, hook: Webhook) -> None:
        """Store a new or changed web hook."""

    def delivery(self, delivery_id: str) -> HookDelivery:
        """Return a delivery. Raises: NotFoundError."""

    def save_delivery(self, delivery: HookDelivery) -> None:
        """Store a new or changed delivery."""

    def deliveries(self, limit: int = 50) -> Sequence[HookDelivery]:
        """Return deliveries, newest first."""

    def find_external_calls(self, external_id: str, state: CallState | None, limit: int) -> list[Call]:
        """Return calls, newest first; empty and None leave a condition out."""

    def claim_external_id(self, external_id: str, call_id: str) -> str:
        """Reserve an external id for a call; return the id of the call that holds it, perhaps from before."""
