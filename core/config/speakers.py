"""Loudspeakers: how each is reached, which of them speak together."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from core.config.base import Id, Section
from core.value import Text

DriverName = Literal["onvif", "hikvision", "axis", "sip", "multicast", "http", "drone", "file"]

_ADDRESSES: dict[str, tuple[str, ...]] = {
    "onvif": ("rtsp",),
    "hikvision": ("http", "https"),
    "axis": ("http", "https"),
    "sip": ("sip", "sips"),
    "multicast": ("rtp",),
    "http": ("http", "https"),
}
_NEEDS_ADDRESS = ("hikvision", "axis", "sip", "multicast", "http")
_TRANSPORT = re.compile(r";transport=([^;?]*)", re.IGNORECASE)


def _read_fingerprint(value: str) -> str:
    digits = value.replace(":", "").lower()
    if re.fullmatch("[0-9a-f]{64}", digits) is None:
        raise ValueError("a SHA-256 fingerprint has 64 hex digits, with or without colons")
    return digits


class Speaker(Section):
    """The loudspeaker that warnings for this camera go to."""

    driver: DriverName = Field(title="驱动", description="How it is reached.")
    url: str | None = Field(
        default=None,
        title="地址",
        description="onvif: rtsp:// address with a backchannel (main stream when absent); "
        "hikvision, axis: http:// address of the device; sip: sip:horn@host[:port]; "
        "behind it ;transport=tcp or ;transport=tls, or sips: before it, for other ways than UDP; "
        "multicast: rtp://group:port; http: address with {camera}, {seconds}, {volume}, {sha256}; "
        "drone: its name on the bus (the camera's id when absent); "
        "file: directory that receives the audio.",
    )
    username: str | None = Field(
        default=None, title="用户名", description="Sign-in name, where it is not the camera's."
    )
    password_env: str | None = Field(
        default=None,
        title="密码变量",
        description="Environment variable with the loudspeaker's own password. Without it the one "
        "set by `wardwatch cameras password ID --loudspeaker` is used.",
    )
    channel: int | None = Field(
        default=None,
        ge=1,
        title="通道",
        description="hikvision: two-way audio channel; else first.",
    )
    mode: Literal["live", "clip"] = Field(
        default="live", title="方式", description="axis: streamed, or uploaded and played."
    )
    codec: Literal["auto", "PCMU", "PCMA", "G722"] = Field(
        default="auto", title="编码", description="sip, multicast: auto offers all, pages in PCMU."
    )
    caller: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._+-]{1,64}$",
        title="主叫",
        description="sip: who calls, the user name when absent; horns may answer some alone.",
    )
    ring_s: float = Field(
        default=10, ge=1, le=60, title="振铃", description="sip: longest wait for an answer."
    )
    ca_file: Path | None = Field(
        default=None,
        title="根证书",
        description="sip over TLS: PEM file beside township.yaml that the device's certificate "
        "must lead to; public authorities when absent.",
    )
    fingerprint: Annotated[str, AfterValidator(_read_fingerprint)] | None = Field(
        default=None,
        title="证书指纹",
        description="sip over TLS: SHA-256 of the device's own certificate, instead of an "
        "authority; for devices that sign their own.",
    )
    ttl: int = Field(
        default=1, ge=1, le=64, title="TTL", description="multicast: routers it may pass, plus one."
    )
    interface: str | None = Field(
        default=None, title="网卡", description="multicast: our IP address on the network it is in."
    )
    format: Literal["wav", "mp3"] = Field(
        default="wav", title="格式", description="http: what is posted."
    )
    expect: str | None = Field(
        default=None, title="应答", description="http: words that a good answer holds."
    )
    volume: int | None = Field(
        default=None,
        ge=1,
        le=100,
        title="音量",
        description="Set at the device where it can be (hikvision, axis clip, http, drone), else "
        "taken off what is sent; 100 leaves it as it is.",
    )
    gain_db: float = Field(
        default=0,
        ge=-40,
        le=12,
        title="增益",
        description="Louder or softer before it is sent; peaks are limited.",
    )
    group: Id | None = Field(
        default=None, title="分组", description="A warning here is said by this whole group."
    )
    microphone: Id | None = Field(
        default=None,
        title="麦克风",
        description="Camera whose recorded sound tells whether it was heard; itself when absent.",
    )

    @model_validator(mode="after")
    def _address_fits(self) -> Self:
        if self.url is None:
            if self.driver in _NEEDS_ADDRESS:
                raise ValueError(f"{self.driver}: `url` is missing")
            return self
        known = _ADDRESSES.get(self.driver)
        if known is None:
            return self
        scheme = self.url.partition(":")[0].lower()
        if scheme not in known:
            raise ValueError(f"{self.driver}: `url` begins with {' or '.join(known)}:")
        if self.driver != "sip" and "@" in urlsplit(self.url).netloc:
            raise ValueError("put the user name in `username` and the password in `password_env`")
        return self

    @model_validator(mode="after")
    def _trust_fits(self) -> Self:
        given = [name for name in ("ca_file", "fingerprint") if getattr(self, name) is not None]
        url = (self.url or "").lower()
        asked = _TRANSPORT.search(url) if self.driver == "sip" else None
        known = ("tcp", "tls") if url.startswith("sips:") else ("udp", "tcp", "tls")
        if asked and asked[1] not in known:
            raise ValueError(f"sip: transport={asked[1]} is none of {', '.join(known)}")
        secure = url.startswith("sips:") or (asked is not None and asked[1] == "tls")
        if given and not (self.driver == "sip" and secure):
            raise ValueError(
                f"`{given[0]}` is for sip over TLS; begin `url` with sips: or end it with "
                ";transport=tls"
            )
        if len(given) > 1:
            raise ValueError("name either `ca_file` or `fingerprint`, not both")
        return self


class SpeakerGroup(Section):
    """Loudspeakers that say a warning together."""

    id: Id
    name: Text = Field(title="名称", description="Shown where warnings are given.")
    cameras: tuple[Id, ...] = Field(
        min_length=1, title="摄像头", description="Ids of the cameras whose loudspeakers speak."
    )
