"""Other programs at the door: the keys of the telephone system (CTI) and the web hooks that it asked for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

KEY_PREFIX = "hk"
KEY_ID_BYTES = 6
SECRET_BYTES = 32
HOOK_SECRET_PREFIX = "whsec_"


class Scope(StrEnum):
    """What an API key may do."""

    READ_CALLS = "calls:read"
    """State, label and risk of calls."""
    WRITE_CALLS = "calls:write"
    """Open and end calls."""
    WRITE_STREAMS = "streams:write"
    """Get addresses to which a call's audio may be sent."""
    READ_TRANSCRIPTS = "transcripts:read"
    """What was said, with numbers masked."""
    READ_PERSONAL = "personal:read"
    """The same unmasked; every reading is audited."""
    WRITE_WEBHOOKS = "webhooks:write"
    """Register, list and switch web hooks."""


class HookEvent(StrEnum):
    """What a web hook may be told about."""

    ALERT = "call.alert"
    """The risk level rose to 高 or 紧急."""
    ENDED = "call.ended"


class Direction(StrEnum):
    """Who called whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True)
class ApiKey:
    """A key of another program. The secret itself is shown once and never stored."""

    id: str
    name: str
    secret_hash: str
    """SHA-256 in hexadecimal; the secret has 256 random bits, so a slow hash would protect nothing more."""
    scopes: frozenset[Scope]
    created_by: str
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None

    def matches(self, secret: str) -> bool:
        """Say whether the secret is this key's, in constant time; a revoked key has none."""
        return self.revoked_at is None and hmac.compare_digest(self.secret_hash, hash_secret(secret))


@dataclass(frozen=True)
class Webhook:
    """An address that wants to be told."""

    id: str
    url: str
    secret: str = field(repr=False)
    """`whsec_` and 32 bytes in base64: both sides sign with it, so it cannot be hashed."""
    events: frozenset[HookEvent]
    created_by: str
    created_at: datetime
    active: bool = True


@dataclass(frozen=True)
class HookDelivery:
    """One event on its way to one address. The body stays the same however often it is sent."""

    id: str
    webhook_id: str
    call_id: str
    event: HookEvent
    body: dict[str, Any]
    created_at: datetime
    attempts: int = 0
    answer: str = ""
    """What happened last, for example `HTTP 503`."""
    delivered_at: datetime | None = None
    failed_at: datetime | None = None
    """When it was given up."""


def hash_secret(secret: str) -> str:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_key_token() -> tuple[str, str]:
    """Return the id of a new key and its whole token, `hk_<id>_<secret>`."""
    key_id = secrets.token_hex(KEY_ID_BYTES)
    return key_id, f"{KEY_PREFIX}_{key_id}_{secrets.token_urlsafe(SECRET_BYTES)}"


def key_id_of(token: str) -> str:
    """Return the id inside a token, empty when it is none."""
    parts = token.split("_", 2)
    return parts[1] if len(parts) == 3 and parts[0] == KEY_PREFIX else ""


def new_hook_secret() -> str:
    """Return a fresh signing secret."""
    return HOOK_SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def sign(secret: str, message_id: str, timestamp_s: int, body: bytes) -> str:
    """Return `v1,<base64>`: HMAC-SHA256 over `id.timestamp.body` (standardwebhooks.com, section Signature scheme)."""
    key = base64.b64decode(secret.removeprefix(HOOK_SECRET_PREFIX))
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
