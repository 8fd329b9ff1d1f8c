"""The one root of every error we raise on purpose, so that the CLI can print it plainly."""


class WardwatchError(Exception):
    """Something a person can mend.

    The message says what went wrong, where (file, field or camera) and what to do.
    Each room derives one family from it; anything else that escapes is a defect.
    """


class ConfigError(WardwatchError):
    """A configuration file that cannot be used; names the file and the field."""


class BusError(WardwatchError):
    """The message bus cannot be reached or refused a message."""


class StoreError(WardwatchError):
    """The database cannot be used."""


class AuditError(WardwatchError):
    """The audit log is not what it should be."""
