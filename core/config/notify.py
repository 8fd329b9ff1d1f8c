"""Where notices go: channels, and rules that choose among them (``notify.yaml``).

No secret stands here: an address that carries one (the robot of a chat group, a mail account)
comes from an environment variable, a file, or the store of credentials
(``wardwatch notify secret``).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from core.cases import Severity
from core.config.base import Hours, Id, Section
from core.config.people import Officer
from core.networks import PRIVATE, Network
from core.value import Language


class Channel(Section):
    """What all channels have in common."""

    id: Id
    enabled: bool = Field(default=True, title="启用")
    secret_env: str | None = Field(
        default=None, title="密钥环境变量", description="Environment variable with the secret."
    )
    secret_file: Path | None = Field(
        default=None, title="密钥文件", description="File with the secret, for its owner alone."
    )
    per_minute: int = Field(
        default=12, ge=1, le=600, title="频率", description="Most messages a minute."
    )
    group_over: int = Field(
        default=5, ge=2, le=500, title="合并", description="More waiting than this go as a summary."
    )
    quiet_hours: Hours | None = Field(
        default=None, title="免打扰", description="What is not serious waits until they are over."
    )
    expire_s: float = Field(
        default=86_400, gt=0, title="有效期", description="Seconds after which it is given up."
    )
    timeout_s: float = Field(
        default=15, gt=0, le=120, title="超时", description="Seconds a delivery may take."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.secret_env is not None and self.secret_file is not None:
            raise ValueError("give secret_env or secret_file, not both")
        return self


class AppriseChannel(Channel):
    """A chat group or mail account. The secret is the whole address as Apprise writes it, e.g.
    wecombot://KEY, dingtalk://TOKEN, feishu://TOKEN, mailtos://user:password@host?to=…"""

    kind: Literal["apprise"] = "apprise"
    language: Language = Field(default="zh", title="语言")


class WebhookChannel(Channel):
    """An address of another system; requests are signed as Standard Webhooks are. The secret is
    whsec_ and a base64 key, or two of them with a space between while keys change."""

    kind: Literal["webhook"] = "webhook"
    url: str = Field(pattern=r"^https?://[^/@\s]+(/\S*)?$", title="地址")
    ca: Path | None = Field(
        default=None, title="根证书", description="PEM that the server's certificate must lead to."
    )


Topic = Annotated[str, StringConstraints(pattern=r"^[^#+\x00]{1,200}$")]


class MqttChannel(Channel):
    """A broker that is told the present state of incidents, cameras and disks. The secret is its
    password."""

    kind: Literal["mqtt"] = "mqtt"
    host: str = Field(title="主机")
    port: int = Field(default=1883, ge=1, le=65_535, title="端口")
    tls: bool = Field(default=False, title="TLS")
    ca: Path | None = Field(default=None, title="根证书", description="PEM; else the system's.")
    username: str | None = Field(default=None, title="用户名")
    prefix: Topic = Field(default="wardwatch", title="主题前缀")
    client_id: str = Field(default="wardwatch", title="客户端标识")


AnyChannel = Annotated[AppriseChannel | WebhookChannel | MqttChannel, Field(discriminator="kind")]


class Rule(Section):
    """Which notices go to which channels. Every rule that fits adds its channels; what is left
    out of a rule fits everything."""

    channels: tuple[Id, ...] = Field(min_length=1, title="渠道")
    events: tuple[str, ...] = Field(
        default=(), title="事件", description="e.g. incident.*, camera.offline, duty.*, storage.*"
    )
    severity: Severity | None = Field(
        default=None, title="程度", description="serious: only serious ones."
    )
    kinds: tuple[str, ...] = Field(default=(), title="类别", description="fishing, dumping, …")
    cameras: tuple[str, ...] = Field(default=(), title="摄像头")
    zones: tuple[str, ...] = Field(default=(), title="区域")
    hours: tuple[Hours, ...] = Field(default=(), title="时段", description="Local time of day.")
    shifts: tuple[Id, ...] = Field(default=(), title="班次", description="Running at the desk.")


class Summoning(Section):
    """How officers are summoned through channels of their own (`notify` of each officer)."""

    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^/@\s?#]+$",
        title="外部地址",
        description="Address under which phones reach the console; messages lead to its /field.",
    )
    tells: tuple[Literal["kind", "severity", "place", "who"], ...] = Field(
        default=(),
        title="透露",
        description="What a message may say beside that there is an order: it passes other "
        "people's servers. who: which colleague calls for help.",
    )
    after_s: float = Field(
        default=5,
        ge=0,
        le=600,
        title="等待",
        description="Sent unless the officer answered on the page so soon.",
    )
    unreached_s: float = Field(
        default=20,
        gt=0,
        title="未达",
        description="Not delivered so long after that: the desk is told to telephone.",
    )


class Notify(Section):
    """Notifications."""

    networks: tuple[Network, ...] = Field(
        default=PRIVATE,
        title="网段",
        description="Where channels may lead; private networks by default. Services on the "
        "internet need theirs here.",
    )
    channels: tuple[AnyChannel, ...] = Field(default=(), title="渠道")
    rules: tuple[Rule, ...] = Field(default=(), title="规则")
    officers: Summoning = Field(default=Summoning(), title="队员")
    dedupe_s: float = Field(
        default=300, ge=0, title="去重", description="The same again so soon is not sent again."
    )

    @model_validator(mode="after")
    def _known(self) -> Self:
        known = [one.id for one in self.channels]
        for one in known:
            if known.count(one) > 1:
                raise ValueError(f"channel id {one!r} appears twice")
        for number, rule in enumerate(self.rules, 1):
            for channel in rule.channels:
                if channel not in known:
                    raise ValueError(f"rule {number}: there is no channel {channel!r}")
        return self

    def check(self, officers: Iterable[Officer]) -> None:
        """Refuse officers whose channel is not there.

        Raises:
            ValueError: which.
        """
        for officer in officers:
            for way in officer.notify:
                found = self.channel(way.channel)
                if found is None or found.kind == "mqtt":
                    raise ValueError(
                        f"officer {officer.id!r}: notify: there is no apprise or webhook channel "
                        f"{way.channel!r} in notify.channels"
                    )

    def channel(self, channel_id: str) -> AppriseChannel | WebhookChannel | MqttChannel | None:
        """The channel of that id, or None."""
        return next((one for one in self.channels if one.id == channel_id), None)
