"""Web hooks as a program manages them; the administrator's page does the same."""

from __future__ import annotations

from hotline import integration
from hotline.domain.integration import Scope, Webhook
from web.context import hub
from web.cti.operations import actor, operation
from web.cti.schemas import NewWebhookAnswer, WebhookAnswer, WebhookList, WebhookRequest, WebhookSwitch


@operation("POST", "/webhooks", Scope.WRITE_WEBHOOKS, {201: NewWebhookAnswer}, body=WebhookRequest)
def create_webhook(body: WebhookRequest) -> tuple[NewWebhookAnswer, int]:
    """Register an address. The answer holds the signing secret, this once."""
    hook = integration.create_webhook(hub(), actor(), body.url, body.events)
    return NewWebhookAnswer(**_answer(hook).model_dump(), secret=hook.secret), 201


@operation("GET", "/webhooks", Scope.WRITE_WEBHOOKS, {200: WebhookList})
def list_webhooks() -> WebhookList:
    """List all registered addresses."""
    with hub().store.transaction() as uow:
        return WebhookList(webhooks=[_answer(hook) for hook in uow.webhooks()])


@operation(
    "POST", "/webhooks/{webhook_id}/active", Scope.WRITE_WEBHOOKS, {200: WebhookAnswer}, errors=(404,),
    body=WebhookSwitch,
)  # fmt: skip
def switch_webhook(webhook_id: str, body: WebhookSwitch) -> WebhookAnswer:
    """Switch an address on or off; what waits for it is dropped while it is off."""
    integration.set_webhook_active(hub(), actor(), webhook_id, body.active)
    with hub().store.transaction() as uow:
        return _answer(uow.webhook(webhook_id))


def _answer(hook: Webhook) -> WebhookAnswer:
    return WebhookAnswer(id=hook.id, url=hook.url, events=sorted(hook.events), active=hook.active)
