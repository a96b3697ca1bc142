"""The few ways in which a device can fail us."""

from datetime import datetime


class SourceError(Exception):
    """Something a source did not give; never caught together with programming errors."""


class UnreachableError(SourceError):
    """Nothing answered, or not in time."""


class CertificateError(UnreachableError):
    """The device answered, but its certificate was not accepted."""


class RefusedError(SourceError):
    """The device answered and does not accept our credentials."""


class NotPermittedError(SourceError):
    """The credentials are good, but not for what was asked."""


class NonsenseError(SourceError):
    """What answered is not the device we know, or its values cannot be true."""


class CoolingDownError(UnreachableError):
    """The device or its library asks to be left alone for a while."""

    def __init__(self, message: str = "", *, until: datetime | None = None) -> None:
        """Note until when, if whoever asks for it said so."""
        super().__init__(message)
        self.until = until
