"""What S3 and the way to it answer, in words that say what to do."""

from email.utils import parsedate_to_datetime
from typing import Protocol

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    SSLError,
)

from core.clock import NS_PER_S, SystemClock
from recorder.remote.errors import AwayError, GoneError, RefusedError, RemoteError, TakenError

_KEYS = (
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
    "TokenRefreshRequired", "InvalidSecurity", "AuthorizationHeaderMalformed",
)  # fmt: skip
_FORBIDDEN = ("AccessDenied", "Forbidden", "403", "AllAccessDisabled", "AccountProblem", "401")
_GONE = ("NoSuchKey", "NotFound", "404", "NoSuchVersion")
_TAKEN = ("PreconditionFailed", "412")
_BUSY = (
    "SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "Throttling",
    "TooManyRequests", "OperationAborted", "ConditionalRequestConflict", "NoSuchUpload",
    "XMinioServerNotInitialized", "XMinioStorageFull", "QuotaExceeded", "InsufficientStorage",
)  # fmt: skip
_CLOCK = ("RequestTimeTooSkewed", "RequestExpired")
_SKEW_S = 840
"""S3 refuses what is a quarter of an hour off."""
_LOCK = ("InvalidRequest", "ObjectLockConfigurationNotFoundError", "InvalidBucketState")


class Settings(Protocol):
    """What messages name."""

    @property
    def bucket(self) -> str: ...
    @property
    def endpoint(self) -> str: ...
    @property
    def keys_from(self) -> str: ...


def code_of(error: Exception) -> str:
    """The storage's own name of an error, or the kind of failure on the way."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def told(error: Exception, name: str, key: str, settings: Settings) -> RemoteError:
    """The error to raise instead."""
    if not isinstance(error, ClientError):
        return _on_the_way(error, name)
    code = code_of(error)
    answer = error.response.get("ResponseMetadata", {})
    status = int(answer.get("HTTPStatusCode", 0))
    there = str(answer.get("HTTPHeaders", {}).get("date", "unknown"))
    if code in _CLOCK or (status in (400, 403) and _far_from_now(there)):
        return AwayError(
            f"{name}: {code}: our clock and the storage's ({there}) are too far apart; set both "
            "by the same time server"
        )
    if code in _KEYS:
        return RefusedError(f"{name}: {code}: the keys are refused; see {settings.keys_from}")
    if code in _FORBIDDEN or status in (401, 403):
        return RefusedError(
            f"{name}: {code}: not allowed for {key}; give the keys of {settings.keys_from} the "
            "right to read, write and list there"
        )
    if code == "NoSuchBucket":
        return RefusedError(f"{name}: there is no bucket {settings.bucket!r}; see vault.url")
    if code in _TAKEN or status == 412:
        return TakenError(f"{name}: {key}: the name is taken")
    if code in _GONE or status == 404:
        return GoneError(f"{name}: {key}: there is none")
    if code in _LOCK and "lock" in str(error).lower():
        return RefusedError(f"{name}: {code}: the bucket has no Object Lock; see vault.lock")
    if code in _BUSY or status >= 500 or status == 429:
        return AwayError(f"{name}: {code or status}: the storage has no time now")
    if status in (301, 302, 307, 308):
        return RefusedError(
            f"{name}: {code}: sends us elsewhere, which is not followed; see vault.endpoint and "
            "vault.region"
        )
    said = error.response.get("Error", {}).get("Message", "")
    return RemoteError(f"{name}: {key}: {code} {said}".strip())


def _on_the_way(error: Exception, name: str) -> RemoteError:
    if isinstance(error, SSLError):
        return RefusedError(
            f"{name}: its certificate is not accepted ({_short(error)}); see vault.ca_file"
        )
    if isinstance(error, EndpointConnectionError):
        return AwayError(f"{name}: cannot be reached; see vault.endpoint, or wait")
    if isinstance(error, BotoCoreError):
        return AwayError(f"{name}: the connection broke ({_short(error)})")
    return RemoteError(f"{name}: {_short(error)}")


def _far_from_now(date: str) -> bool:
    """Whether the storage's clock (RFC 9110 Date) is too far from ours for it to believe us.

    An answer to HEAD has no body that would say so. Ours is the one botocore signs with.
    """
    try:
        there = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return False
    return abs(SystemClock().utc_ns() / NS_PER_S - there) > _SKEW_S


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
