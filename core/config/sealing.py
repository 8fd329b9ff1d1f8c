"""How evidence is signed and time-stamped."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from core.config.base import Section
from core.networks import PRIVATE, Network


class TimeStamps(Section):
    """An authority that says when a signature was there (RFC 3161)."""

    url: str = Field(
        pattern=r"^https?://", title="地址", description="Where requests are posted, http or https."
    )
    roots: Path = Field(
        title="根证书",
        description="PEM file beside township.yaml; the authority's certificate must lead to one "
        "of it.",
    )
    networks: tuple[Network, ...] = Field(
        default=PRIVATE,
        title="网段",
        description="Where the authority may stand; private networks by default.",
    )
    retry_s: float = Field(
        default=60, gt=0, title="重试", description="Seconds between attempts while it is away."
    )


class SecurityToken(Section):
    """A signing key in a token or security module (PKCS #11) instead of a file."""

    module: Path = Field(title="驱动库", description="The library of its maker, a .so file.")
    token: str = Field(title="令牌", description="Label of the token.")
    key: str = Field(title="密钥", description="Label of the P-256 key pair in it.")
    pin_env: str = Field(
        default="WARDWATCH_PKCS11_PIN",
        title="PIN 环境变量",
        description="Environment variable with the user's PIN.",
    )


class Sealing(Section):
    """Signatures over sealed evidence."""

    kind: Literal["p256", "ed25519"] = Field(
        default="p256", title="算法", description="ECDSA on P-256 with SHA-256, or Ed25519."
    )
    sm2: bool = Field(
        default=False,
        title="国密签名",
        description="Sign with SM2 and SM3 as well; needs the extra wardwatch[sm2].",
    )
    sm3: bool = Field(
        default=True,
        title="国密摘要",
        description="Hash with SM3 beside SHA-256 when evidence is sealed. SM3 takes several "
        "times as long; without it a case file's SM3 digests are computed when it is exported.",
    )
    keys: Path | None = Field(
        default=None,
        title="密钥目录",
        description="Mode 0700, made with the first key; keys in the data directory when absent.",
    )
    pkcs11: SecurityToken | None = Field(
        default=None, title="硬件令牌", description="None: the key is in a file."
    )
    timestamp: TimeStamps | None = Field(
        default=None, title="可信时间戳", description="None: evidence is not time-stamped."
    )


class Signing(Section):
    """Signatures that cameras put into their video (ONVIF Media Signing)."""

    roots: Path | None = Field(
        default=None,
        title="可信根证书",
        description="Folder with certificates of makers whose cameras are trusted; without "
        "it signatures are verified, and who signed is told but not judged.",
    )
