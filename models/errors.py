"""The room's one family of errors."""

from core.errors import WardwatchError


class ModelError(WardwatchError):
    """A model that cannot be had, read, converted or judged; says which, why and what to do."""


class SourceError(ModelError):
    """One source of a model failed; the next one may do."""


class HashError(SourceError):
    """A file is not the one the registry names."""

    def __init__(self, what: str, expected: str, got: str) -> None:
        super().__init__(
            f"{what}: wrong SHA-256: expected {expected}, got {got}; the file was refused. "
            "It is damaged or another version"
        )
        self.expected = expected
        self.got = got
