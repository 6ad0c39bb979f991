"""Twilio's signature on the handshake of a media stream: HMAC of the stream's address, base64.

Source: twilio.com/docs/usage/security, "Validating requests", and docs/usage/webhooks/webhook-rules for SHA-256. The
signed address of a media stream begins with `wss://` and has no parameters.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

SIGNATURE_HEADER = "X-Twilio-Signature"
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
"""Says the algorithm where a webhook rule signs with a SharedKey: `key=…,algorithm=HMAC_SHA256`."""
ALGORITHMS = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}
DEFAULT_ALGORITHM = "HMAC_SHA1"
WSS_PORT = 443


@dataclass(frozen=True)
class TwilioSignature:
    """Secrets that Twilio may sign with, and the address that it was told."""

    secrets: Sequence[str]
    """Auth tokens and SharedKey secrets; none means that signatures are not checked."""
    url: str = ""
    """As in `<Stream url>`; empty means `wss://`, the Host header and the path."""

    def admits(self, headers: Mapping[str, str], path: str) -> bool:
        """Say whether the handshake was signed with one of the secrets."""
        signature = headers.get(SIGNATURE_HEADER) or ""
        digest = ALGORITHMS.get(_algorithm(headers.get(SETTINGS_HEADER) or ""))
        if not digest:
            return False
        expected = [
            base64.b64encode(hmac.digest(secret.encode(), address.encode(), digest)).decode()
            for secret in self.secrets
            for address in _spellings(self.url or f"wss://{headers.get('Host') or ''}{path}")
        ]
        return any(hmac.compare_digest(one.encode(), signature.encode()) for one in expected)


def _algorithm(settings: str) -> str:
    pairs = dict(part.strip().partition("=")[::2] for part in settings.split(","))
    return pairs.get("algorithm", DEFAULT_ALGORITHM)


def _spellings(url: str) -> tuple[str, str]:
    """Return the address with and without its port: Twilio signs either."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url, url
    bare = parts.netloc.removesuffix(f":{port}") if port else parts.netloc
    return parts._replace(netloc=bare).geturl(), parts._replace(netloc=f"{bare}:{port or WSS_PORT}").geturl()
