"""Where sealed evidence is kept besides the local disk."""

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from core.config.base import Section

_URL = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*))?")


class ObjectLock(Section):
    """Retention that the storage itself enforces (S3 Object Lock); the bucket must have it."""

    mode: Literal["governance", "compliance"] = Field(
        title="模式",
        description="governance: holders of a special right may delete earlier; compliance: "
        "nobody.",
    )
    days: int = Field(
        ge=1, le=3650, title="锁定", description="Days after sealing that nothing can be deleted."
    )
    copy_days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        title="副本锁定",
        description="The same for working and masked copies; as the originals if absent.",
    )


class VaultPlace(Section):
    """A second place for sealed evidence, S3-compatible; the local disk comes first in any case."""

    url: str | None = Field(
        default=None, title="地址", description="s3://bucket/prefix; none: the local disk alone."
    )
    endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^/@\s]+/?$",
        title="服务器",
        description="The storage's own address, e.g. https://storage.example:9000; no other is "
        "ever connected to.",
    )
    region: str = Field(default="us-east-1", title="区域", description="As the storage names it.")
    path_style: bool = Field(
        default=True,
        title="路径寻址",
        description="The bucket in the path (MinIO, Ceph); false: in the host name.",
    )
    ca_file: Path | None = Field(
        default=None,
        title="根证书",
        description="PEM file beside township.yaml that the storage's certificate must lead to; "
        "public authorities when absent.",
    )
    access_key_env: str = Field(
        default="WARDWATCH_S3_ACCESS_KEY",
        title="密钥号变量",
        description="Environment variable with the id of the access key.",
    )
    secret_key_env: str = Field(
        default="WARDWATCH_S3_SECRET_KEY",
        title="密钥变量",
        description="Environment variable with the secret access key.",
    )
    credentials_file: Path | None = Field(
        default=None,
        title="密钥文件",
        description="Mode 0600, lines `access_key = …` and `secret_key = …`; instead of the "
        "environment variables.",
    )
    verify: Literal["checksum", "read"] = Field(
        default="checksum",
        title="核对",
        description="checksum: a SHA-256 that the storage gives is believed, without one the "
        "object is read back; read: it is always read back.",
    )
    keep_days: float | None = Field(
        default=None,
        ge=0,
        title="本地保留",
        description="Days that the local copy of what is safely stored stays; none: for good.",
    )
    keep_gb: float | None = Field(
        default=None,
        ge=0,
        title="本地容量",
        description="Gigabytes of local copies beyond which the oldest safely stored go; none: "
        "no limit.",
    )
    alarm_h: float = Field(
        default=6,
        gt=0,
        title="告警",
        description="Hours that evidence may wait to be stored before people are told.",
    )
    lock: ObjectLock | None = Field(
        default=None, title="对象锁定", description="None: the bucket's own rule, if it has one."
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.url is None:
            return self
        if _URL.fullmatch(self.url) is None:
            raise ValueError(f"url: {self.url!r} is no s3://bucket/prefix")
        if self.endpoint is None:
            raise ValueError("endpoint: the storage's address is missing")
        return self

    @property
    def bucket(self) -> str:
        """The bucket of the address."""
        return self._named("bucket")

    @property
    def prefix(self) -> str:
        """What all names in the bucket begin with; empty, or ending with a slash."""
        prefix = self._named("prefix").strip("/")
        return f"{prefix}/" if prefix else ""

    def _named(self, group: str) -> str:
        found = _URL.fullmatch(self.url or "")
        return (found.group(group) or "") if found is not None else ""
