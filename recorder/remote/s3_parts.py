"""Large objects in parts (S3 multipart upload): one part in memory, and gone on with later."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import structlog
from botocore.exceptions import BotoCoreError, ClientError

from recorder.remote.errors import AwayError, DiffersError

PART = 16 << 20
"""Bytes of a part; 10,000 of them are allowed, so 156 GiB."""

log = structlog.get_logger()


class Parts:
    """The upload of one file.

    Args:
        where: bucket and key.
        condition: of the last step, that the name is not taken.
        name: of the storage.
    """

    def __init__(
        self, client: Any, where: dict[str, str], condition: dict[str, str], name: str
    ) -> None:
        self._client, self._where, self._condition, self._name = client, where, condition, name

    def send(
        self, source: Path, sha256: str, lock: dict[str, Any], stop: threading.Event | None
    ) -> None:
        """Send what is not there yet, and make it one object if all of it is what was sealed.

        Raises:
            DiffersError: the file is not of that SHA-256.
            AwayError: it was told to stop.
            OSError: the file cannot be read.
            ClientError, BotoCoreError: botocore's own.
        """
        upload, there = self._begun() or (self._begin(lock), {})
        whole, rows = hashlib.sha256(), []
        with source.open("rb") as stream:
            for number, piece in enumerate(pieces(stream), 1):
                if stop is not None and stop.is_set():
                    raise AwayError(f"{self._name}: stopped on the way; it goes on later")
                whole.update(piece)
                rows.append(self._part(upload, number, piece, there.get(number)))
        if whole.hexdigest() != sha256:
            self._abort(upload)
            raise DiffersError(f"{source}: is not what was sealed; it is not sent")
        try:
            self._client.complete_multipart_upload(
                **self._where,
                **self._condition,
                UploadId=upload,
                MultipartUpload={"Parts": rows},
            )
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 412:
                self._abort(upload)
            raise

    def _begin(self, lock: dict[str, Any]) -> str:
        begun = self._client.create_multipart_upload(
            **self._where, **lock, ChecksumAlgorithm="SHA256"
        )
        return str(begun["UploadId"])

    def _begun(self) -> tuple[str, dict[int, dict[str, Any]]] | None:
        """What an interrupted upload left: the newest one, and its parts."""
        try:
            found = self._client.list_multipart_uploads(
                Bucket=self._where["Bucket"], Prefix=self._where["Key"]
            )
            mine = [one for one in found.get("Uploads", ()) if one["Key"] == self._where["Key"]]
            if not mine:
                return None
            upload = max(mine, key=lambda one: one["Initiated"])["UploadId"]
            parts: dict[int, dict[str, Any]] = {}
            asked: dict[str, Any] = {**self._where, "UploadId": upload}
            while True:
                page = self._client.list_parts(**asked)
                parts |= {one["PartNumber"]: one for one in page.get("Parts", ())}
                if not page.get("IsTruncated"):
                    break
                asked["PartNumberMarker"] = page["NextPartNumberMarker"]
        except (ClientError, BotoCoreError) as error:
            # A right that is not given, or a call that is not known: begun anew.
            log.info("no upload to go on with", storage=self._name, error=str(error))
            return None
        return str(upload), parts

    def _part(
        self, upload: str, number: int, piece: bytes, there: dict[str, Any] | None
    ) -> dict[str, Any]:
        digest = base64.b64encode(hashlib.sha256(piece).digest()).decode()
        if there is not None and there["Size"] == len(piece) and _same(there, piece, digest):
            row = {"PartNumber": number, "ETag": there["ETag"]}
        else:
            done = self._client.upload_part(
                **self._where,
                UploadId=upload,
                PartNumber=number,
                Body=piece,
                ChecksumAlgorithm="SHA256",
                ChecksumSHA256=digest,
            )
            row = {"PartNumber": number, "ETag": done["ETag"]}
            there = done
        if there.get("ChecksumSHA256"):
            row["ChecksumSHA256"] = digest
        return row

    def _abort(self, upload: str) -> None:
        try:
            self._client.abort_multipart_upload(**self._where, UploadId=upload)
        except (ClientError, BotoCoreError) as error:
            log.warning("parts are left on the storage", storage=self._name, error=str(error))


def pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """A file part by part."""
    while piece := stream.read(PART):
        yield piece


def composite(digests: list[bytes]) -> str:
    """The checksum of an object made of parts: SHA-256 of their SHA-256."""
    return base64.b64encode(hashlib.sha256(b"".join(digests)).digest()).decode()


def _same(there: dict[str, Any], piece: bytes, digest: str) -> bool:
    known = there.get("ChecksumSHA256")
    if known:
        return bool(known == digest)
    # Not for security: what is put together is checked as a whole afterwards.
    md5 = hashlib.md5(piece, usedforsecurity=False).hexdigest()
    return bool(there["ETag"].strip('"') == md5)
