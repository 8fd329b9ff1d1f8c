"""Deleting for good: every version of an object, and the parts of what never became one.

On a bucket with versions a plain DELETE only puts a marker on top; the content stays. So versions
are listed and deleted one by one, markers among them. Where the storage knows no versions (it
answers 501, or lists none) names are deleted.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from recorder.remote.base import Listed, Version
from recorder.remote.errors import LockedError, RefusedError
from recorder.remote.s3_errors import Settings, code_of

UNKNOWN_TO_IT = ("NotImplemented", "501")
_REFUSED = (
    "AccessDenied",
    "Forbidden",
    "403",
    "InvalidRequest",
    "ObjectLocked",
    "MethodNotAllowed",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Deletion:
    """Deletes in one bucket. Methods raise botocore's errors besides those named.

    Args:
        listed: all names that begin so, as an ordinary listing has them.
    """

    def __init__(
        self,
        client: Any,
        settings: Settings,
        prefix: str,
        name: str,
        listed: Callable[[str], Iterable[Listed]],
    ) -> None:
        self._client, self._settings, self._prefix = client, settings, prefix
        self._name, self._listed = name, listed

    def versions(self, begin: str) -> list[Version]:
        """All versions and markers of names that begin so."""
        found: list[Version] = []
        asked: dict[str, Any] = {"Bucket": self._settings.bucket, "Prefix": self._prefix + begin}
        try:
            while True:
                page = self._client.list_object_versions(**asked)
                for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    key = one["Key"].removeprefix(self._prefix)
                    found.append(Version(key, one.get("Size", 0), one.get("VersionId")))
                if not page.get("IsTruncated"):
                    break
                asked["KeyMarker"] = page["NextKeyMarker"]
                asked["VersionIdMarker"] = page.get("NextVersionIdMarker", "")
        except ClientError as error:
            if code_of(error) in _REFUSED:
                raise self._refused(begin) from None
            if code_of(error) not in UNKNOWN_TO_IT:
                raise
            found = []
        # Some take no notice of the question and answer with an ordinary listing.
        known = {one.key for one in found}
        plain = [one for one in self._listed(begin) if one.key not in known]
        return found + [Version(one.key, one.size, None) for one in plain]

    def delete(self, one: Version) -> None:
        """Delete one for good.

        Raises:
            LockedError: a retention or a legal hold keeps it.
            RefusedError: these keys may not, or only a marker could be set.
        """
        where = self._where(one)
        try:
            answer = self._client.delete_object(**where)
        except ClientError as error:
            if code_of(error) not in _REFUSED:
                raise
            locked = self._locked(one, where)
            raise locked if locked is not None else self._refused(one.key) from None
        if one.version is None and answer.get("DeleteMarker"):
            raise RefusedError(
                f"{self._name}: {one.key}: the bucket keeps versions and does not list them; "
                "delete them there"
            )

    def abandon(self, key: str) -> None:
        """Abort what uploads in parts left under a name."""
        where = {"Bucket": self._settings.bucket, "Key": self._prefix + key}
        try:
            found = self._client.list_multipart_uploads(Bucket=where["Bucket"], Prefix=where["Key"])
            for one in found.get("Uploads", ()):
                if one["Key"] == where["Key"]:
                    self._client.abort_multipart_upload(**where, UploadId=one["UploadId"])
        except ClientError as error:
            if code_of(error) in _REFUSED:
                raise self._refused(key) from None
            if code_of(error) not in (*UNKNOWN_TO_IT, "NoSuchUpload"):
                raise

    def _locked(self, one: Version, where: dict[str, Any]) -> LockedError | None:
        """Why it was refused, if a lock is why."""
        try:
            held = self._client.head_object(**where)
        except ClientError:
            return None
        hold = held.get("ObjectLockLegalHoldStatus") == "ON"
        until = held.get("ObjectLockRetainUntilDate")
        if hold:
            why = "a legal hold is on it"
            return LockedError(f"{self._name}: {one.key}: {why}; a person must lift it there", None)
        if until is None:
            return None
        until_ns = (until - _EPOCH) // timedelta(microseconds=1) * 1000
        return LockedError(
            f"{self._name}: {one.key}: locked until {until:%Y-%m-%d %H:%M} UTC", until_ns
        )

    def _where(self, one: Version) -> dict[str, Any]:
        where = {"Bucket": self._settings.bucket, "Key": self._prefix + one.key}
        return where if one.version is None else {**where, "VersionId": one.version}

    def _refused(self, key: str) -> RefusedError:
        return RefusedError(
            f"{self._name}: {key}: these keys may not delete there; give those of "
            f"{self._settings.keys_from} s3:DeleteObject, s3:DeleteObjectVersion, "
            "s3:ListBucketVersions, s3:AbortMultipartUpload and s3:GetObjectRetention, or have "
            "it deleted there, all versions of it"
        )
