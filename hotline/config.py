"""Every setting is one row of `SETTINGS`: name, default, check and help. Read from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hotline.errors import ConfigError

PREFIX = "HOTLINE_"


@dataclass(frozen=True)
class Setting:
    """One setting; its environment variable is `HOTLINE_` + the name in capitals."""

    name: str
    default: str
    help: str
    check: Callable[[str], bool] = lambda value: True
    expected: str = ""

    @property
    def variable(self) -> str:
        """Environment variable."""
        return PREFIX + self.name.upper()


def _positive(value: str) -> bool:
    try:
        return float(value) > 0
    except ValueError:
        return False


def _not_negative(value: str) -> bool:
    return value != "" and _empty_or_amount(value)


def _port_or_empty(value: str) -> bool:
    return not value or (value.isdigit() and int(value) < 65536)


def _empty_or_amount(value: str) -> bool:
    try:
        return value == "" or float(value) >= 0
    except ValueError:
        return False


def _zone(value: str) -> bool:
    try:
        return bool(ZoneInfo(value).key)
    except (ZoneInfoNotFoundError, ValueError):
        return False


def _share(value: str) -> bool:
    try:
        return 0 <= float(value) <= 1
    except ValueError:
        return False


def _one_of(*values: str) -> Callable[[str], bool]:
    return lambda value: value in values


def _rate(value: str) -> bool:
    return re.fullmatch(r"[1-9]\d* per (second|minute|hour)", value) is not None


SETTINGS: tuple[Setting, ...] = (
    Setting("data_dir", "var", "Folder of the database, recordings and downloaded models."),
    Setting("database_url", "", "SQLAlchemy address; empty means SQLite in the data folder."),
    Setting(
        "secret_key", "", "Key that signs sessions; empty means one made on first start and kept in the data folder."
    ),
    Setting("host", "127.0.0.1", "Address that the console listens on."),
    Setting("port", "8096", "Port of the console.", _positive, "a port number"),
    Setting("web_threads", "64", "Threads of the web server; an open console page uses one.", _positive, "above 0"),
    Setting("language", "zh", "Language that is recognised.", _one_of("zh", "ko"), "zh or ko"),
    Setting(
        "asr_engine", "auto", "Recogniser.", _one_of("auto", "vosk", "whisper", "off"), "auto, vosk, whisper or off"
    ),
    Setting("asr_model", "", "Folder of a speech model; empty means look it up in the catalogue."),
    Setting("asr_mirror", "", "Address that replaces the catalogue's model host."),
    Setting("asr_workers", "1", "Recogniser processes.", _positive, "above 0"),
    Setting("asr_spare", "1", "1 keeps a loaded recogniser process in reserve.", _one_of("0", "1"), "0 or 1"),
    Setting("asr_pause_s", "0", "Silence that ends an utterance; 0 leaves the defaults.", _not_negative, "0 or more"),
    Setting("asr_longest_s", "0", "Longest utterance of Vosk; 0 leaves the model's.", _not_negative, "0 or more"),
    Setting("asr_alternatives", "0", "Other readings that Vosk gives.", _one_of(*map(str, range(11))), "0 to 10"),
    Setting("asr_phrases", "", "File of phrases, one a line: Whisper expects them, Vosk hears nothing else."),
    Setting(
        "homophones",
        "1",
        "1 puts words right that Whisper wrote as others of the same sound, beside the text as recognised.",
        _one_of("0", "1"),
        "0 or 1",
    ),
    Setting("max_calls", "8", "Calls recognised at the same time; further ones are refused.", _positive, "above 0"),
    Setting(
        "stream_linger_s", "2", "Seconds that a call waits for its telephone stream to come back.", _positive, "above 0"
    ),
    Setting("stream_wait_s", "300", "Seconds that a call opened before its audio waits for it.", _positive, "above 0"),
    Setting("telephony_host", "127.0.0.1", "Address on which telephone streams are received."),
    Setting(
        "telephony_allow", "127.0.0.0/8,::1", "Addresses and networks that may send telephone streams, comma-separated."
    ),
    Setting(
        "telephony_tokens",
        "",
        "Tokens of which a WebSocket peer must show one, comma-separated; empty means none is needed.",
    ),
    Setting(
        "twilio_secrets",
        "",
        "Twilio auth token, and SharedKey secrets, comma-separated: media streams must be signed; empty checks nothing.",
    ),
    Setting("twilio_url", "", "Address of the media stream that Twilio was told; empty takes it from the request."),
    Setting("telephony_tls_cert", "", "Certificate chain (PEM) of the telephone WebSockets; empty means no TLS."),
    Setting("telephony_tls_key", "", "Its private key (PEM)."),
    Setting(
        "telephony_streams",
        "200",
        "Telephone streams at the same time; further ones are refused.",
        _positive,
        "above 0",
    ),
    Setting("telephony_message_bytes", "1048576", "Largest WebSocket message in bytes.", _positive, "above 0"),
    Setting(
        "telephony_idle_s",
        "60",
        "Seconds without a message until a telephone stream is ended.",
        _positive,
        "seconds above 0",
    ),
    Setting("telephony_hours", "4", "Longest telephone stream in hours.", _positive, "hours above 0"),
    Setting(
        "websocket_port",
        "",
        "Port of the vosk-server and Twilio WebSockets; empty means off.",
        _port_or_empty,
        "a port number or nothing",
    ),
    Setting(
        "audiosocket_port",
        "",
        "Port for AudioSocket streams of callers; empty means off.",
        _port_or_empty,
        "a port number or nothing",
    ),
    Setting(
        "audiosocket_operator_port",
        "",
        "Port for AudioSocket streams of operators; empty means off.",
        _port_or_empty,
        "a port number or nothing",
    ),
    Setting(
        "audiosocket_rates",
        "0x10=8000,0x11=12000,0x12=16000,0x13=24000,0x14=32000,0x15=44100,0x16=48000,0x17=96000,0x18=192000",
        "AudioSocket message types and their sample rates.",
    ),
    Setting("rtp_ports", "", "UDP ports for RTP, such as 30000-30199; empty means off."),
    Setting(
        "rtp_payloads",
        "0=pcmu/8000,8=pcma/8000,9=g722/16000/8000,11=s16be/8000,118=s16be/16000",
        "RTP payload types: number=codec/rate or number=codec/rate/clock.",
    ),
    Setting("rtp_hold_ms", "100", "Milliseconds that RTP waits for a late packet.", _positive, "above 0"),
    Setting("classifier_model", "", "Folder of a classifier; empty means the shipped one."),
    Setting("freeze_url", "http://127.0.0.1:8097", "Address of the bank side's freeze service."),
    Setting("freeze_token", "", "Bearer token for the bank side."),
    Setting("freeze_timeout_s", "5", "Longest wait for one answer of the bank side.", _positive, "seconds above 0"),
    Setting(
        "freeze_dispatch",
        "inline",
        "Who sends freeze requests and web hooks: this process or `python -m hotline freeze-dispatch`.",
        _one_of("inline", "external"),
        "inline or external",
    ),
    Setting(
        "freeze_second_person_yuan",
        "",
        "Payment-stop requests of at least so many yuan wait for a second person; 0 means all, empty none.",
        _empty_or_amount,
        "empty, or yuan from 0",
    ),
    Setting(
        "qa_pass_score", "80", "Least score in percent of a call that passes the quality check.", _positive, "above 0"
    ),
    Setting(
        "time_zone", "Asia/Shanghai", "Time zone of the centre's days and hours in reports.", _zone, "an IANA time zone"
    ),
    Setting(
        "second_pass",
        "1",
        "Whisper hears each call again after its end: 1 when no call is live, beside also during calls, 0 never.",
        _one_of("0", "1", "beside"),
        "0, 1 or beside",
    ),
    Setting("second_pass_model", "", "Folder of the Whisper model for it; empty means the embedded Whisper base."),
    Setting("jobs_url", "", "Queue of long jobs: empty means a file in the data folder, or redis://…"),
    Setting("job_threads", "2", "Jobs that one worker process does at the same time.", _positive, "above 0"),
    Setting(
        "job_worker",
        "inline",
        "Who does long jobs: a process that the console starts and watches, or `python -m hotline job-worker`.",
        _one_of("inline", "external"),
        "inline or external",
    ),
    Setting("webhook_timeout_s", "5", "Longest wait for the answer to a web hook.", _positive, "seconds above 0"),
    Setting("cti_rate", "300 per minute", "Requests that one API key may make.", _rate, "N per second, minute or hour"),
    Setting("public_url", "", "Address under which peers reach the console, for stream addresses; empty: as asked."),
    Setting(
        "classifier_base",
        "",
        "Folder of a pretrained encoder, to train from afresh; empty offers only going on from a model in use.",
    ),
    Setting("train_threads", "2", "Processor threads that training uses.", _positive, "above 0"),
    Setting("label_control_share", "0.1", "Share of the labelling queue that chance alone chooses.", _share, "0 to 1"),
    Setting("label_double_share", "0.15", "Share of the calls that two trainers label.", _share, "0 to 1"),
    Setting("upload_mb", "1024", "Largest recording that may be handed in, in MB.", _positive, "above 0"),
    Setting("upload_files", "200", "Recordings of one user that may wait at a time.", _positive, "above 0"),
    Setting("upload_hours", "6", "Longest recording that may be handed in, in hours.", _positive, "hours above 0"),
    Setting(
        "microphone_linger_s",
        "30",
        "Seconds that a browser's microphone may be away until its stream ends.",
        _positive,
        "seconds above 0",
    ),
    Setting("tls_cert", "", "Certificate chain (PEM) of the console; empty means plain HTTP."),
    Setting("tls_key", "", "Its private key (PEM)."),
    Setting("session_minutes", "15", "Idle minutes until a log-in ends.", _positive, "minutes above 0"),
    Setting("lockout_failures", "5", "Failed log-ins until an account is locked.", _positive, "above 0"),
    Setting("lockout_minutes", "15", "Minutes that a locked account stays locked.", _positive, "minutes above 0"),
    Setting(
        "demo",
        "0",
        "1 makes demo accounts, shows them on the log-in page and offers the sample call.",
        _one_of("0", "1"),
        "0 or 1",
    ),
    Setting(
        "demo_call", "0", "1 plays the sample call once when the console has started.", _one_of("0", "1"), "0 or 1"
    ),
    Setting(
        "log_level",
        "INFO",
        "Least severity that is logged.",
        _one_of("DEBUG", "INFO", "WARNING", "ERROR"),
        "DEBUG, INFO, WARNING or ERROR",
    ),
)


class Config:
    """Validated settings, read as attributes: `config.data_dir`, `config.number("port")`."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """Read and check all settings. Raises: ConfigError naming the first wrong or unknown one."""
        environ = os.environ if environ is None else environ
        known = {setting.variable for setting in SETTINGS}
        for variable in environ:
            if variable.startswith(PREFIX) and variable not in known:
                raise ConfigError(
                    f"未知设置 {variable}",
                    expected="docs/settings.md 所列名称",
                    found=variable,
                    remedy="改正或删去该环境变量",
                )
        self._values: dict[str, str] = {}
        for setting in SETTINGS:
            value = environ.get(setting.variable, setting.default)
            if not setting.check(value):
                raise ConfigError(
                    f"设置 {setting.variable} 不对",
                    expected=setting.expected,
                    found=repr(value),
                    remedy="改正该环境变量",
                )
            self._values[setting.name] = value

    @classmethod
    def with_overrides(cls, overrides: Mapping[str, str | None]) -> Config:
        """Read the environment with some variables replaced; None leaves a variable as it is."""
        return cls({**os.environ, **{name: value for name, value in overrides.items() if value is not None}})

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def number(self, name: str) -> float:
        """Return a numeric setting."""
        return float(self._values[name])

    def integer(self, name: str) -> int:
        """Return a whole-number setting."""
        return int(float(self._values[name]))

    @property
    def data_dir(self) -> Path:
        """Data folder, absolute."""
        return Path(self._values["data_dir"]).resolve()

    @property
    def database_url(self) -> str:
        """SQLAlchemy address of the database."""
        return self._values["database_url"] or f"sqlite:///{self.data_dir / 'hotline.db'}"
