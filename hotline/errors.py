"""The one error tree. A message says what was expected, what was found and what to do about it.

HotlineError
├── ConfigError            a setting is missing or wrong
├── InputError             what a user or a peer gave us is wrong
│   ├── AudioError         audio that cannot be read
│   ├── DatasetError       a JSONL line or a data set that cannot be used
│   └── ModelError         a model folder that is missing, incomplete or of another kind
├── StateError             the command does not fit the present state (an illegal transition)
│   └── NotFoundError      no such call, request or user
├── PermissionDenied       the user may not do this
├── CapacityError          no room for another call
└── ExternalError          a process, device or peer outside failed; carries `retryable`
    ├── RecognizerError
    ├── DeviceError
    └── GatewayError
"""

from __future__ import annotations


class HotlineError(Exception):
    """Root of every error this project raises on purpose.

    `expected`, `found` and `remedy` are shown to people, in Chinese where a user reads them; they must
    not hold personal data, since they are logged.
    """

    def __init__(self, message: str, *, expected: str = "", found: str = "", remedy: str = "") -> None:
        self.message = message
        self.expected = expected
        self.found = found
        self.remedy = remedy
        super().__init__(self.__str__())

    def __str__(self) -> str:
        parts = [self.message]
        if self.expected:
            parts.append(f"应为：{self.expected}")
        if self.found:
            parts.append(f"实际：{self.found}")
        if self.remedy:
            parts.append(f"处理：{self.remedy}")
        return "；".join(parts)


class ConfigError(HotlineError):
    """A setting is missing or wrong."""


class InputError(HotlineError):
    """What a user or a peer gave us is wrong."""


class AudioError(InputError):
    """Audio that cannot be read."""


class DatasetError(InputError):
    """A JSONL line or a data set that cannot be used."""


class ModelError(InputError):
    """A model folder that is missing, incomplete or of another kind."""


class StateError(HotlineError):
    """The command does not fit the present state."""


class NotFoundError(StateError):
    """No such call, request or user."""


class PermissionDenied(HotlineError):
    """The user may not do this."""


class CapacityError(HotlineError):
    """No room for another call."""


class ExternalError(HotlineError):
    """Something outside this process failed; `retryable` says whether trying again may help."""

    def __init__(
        self, message: str, *, retryable: bool = True, expected: str = "", found: str = "", remedy: str = ""
    ) -> None:
        self.retryable = retryable
        super().__init__(message, expected=expected, found=found, remedy=remedy)


class RecognizerError(ExternalError):
    """A speech recogniser worker failed."""


class DeviceError(ExternalError):
    """A sound device is missing or failed."""


class GatewayError(ExternalError):
    """The bank side did not answer as agreed."""
