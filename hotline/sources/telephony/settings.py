"""The listeners as the settings ask for them."""

from __future__ import annotations

from hotline.config import Config
from hotline.sources.telephony.access import Access, Limits, parts
from hotline.sources.telephony.audiosocket import parse_rates
from hotline.sources.telephony.codecs import parse_payloads
from hotline.sources.telephony.rtp import RtpSettings, parse_ports
from hotline.sources.telephony.server import TelephonySettings, tls_context
from hotline.sources.telephony.twilio_signature import TwilioSignature


def telephony_settings(config: Config) -> TelephonySettings | None:
    """Return what listens where; None when nothing does. Raises: ConfigError."""
    host, ports = config["telephony_host"], parse_ports(config["rtp_ports"])
    hold_s, wait_s = config.number("rtp_hold_ms") / 1000, config.number("stream_wait_s")
    settings = TelephonySettings(
        host=host,
        access=Access.parse(config["telephony_allow"], config["telephony_tokens"]),
        limits=Limits(
            message_bytes=config.integer("telephony_message_bytes"),
            idle_s=config.number("telephony_idle_s"),
            total_s=3600 * config.number("telephony_hours"),
            streams=config.integer("telephony_streams"),
        ),
        websocket_port=_port(config, "websocket_port"),
        audiosocket_port=_port(config, "audiosocket_port"),
        audiosocket_operator_port=_port(config, "audiosocket_operator_port"),
        audiosocket_rates=parse_rates(config["audiosocket_rates"]),
        rtp=RtpSettings(host, ports, parse_payloads(config["rtp_payloads"]), hold_s, wait_s) if ports else None,
        twilio=TwilioSignature(parts(config["twilio_secrets"]), config["twilio_url"]),
        tls=tls_context(config["telephony_tls_cert"], config["telephony_tls_key"]),
    )
    listening = (settings.websocket_port, settings.audiosocket_port, settings.audiosocket_operator_port, settings.rtp)
    return settings if any(part is not None for part in listening) else None


def _port(config: Config, name: str) -> int | None:
    return config.integer(name) if config[name] else None
