"""The township as a whole."""

from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from core.config.base import Id, Section, TimeZone
from core.config.cameras import Camera
from core.config.catalogue import Catalogue
from core.config.dispatch import Dispatch
from core.config.duty import Duty
from core.config.keeping import KeepingDays
from core.config.notify import Notify
from core.config.people import Contact, Officer
from core.config.places import Places
from core.config.sealing import Sealing, Signing
from core.config.speakers import SpeakerGroup
from core.config.supervision import Supervision
from core.config.tips import Tips
from core.config.vault import VaultPlace
from core.config.warnings import Warnings
from core.config.wording import WarningTexts
from core.geometry import GeoPoint
from core.networks import PRIVATE, Network
from core.value import Language, Text


class Redis(Section):
    """The message bus."""

    url: str | None = Field(
        default=None, title="地址", description="redis:// address; none starts the embedded Valkey."
    )


class Database(Section):
    """Where incidents, orders and the audit log are kept."""

    url: str | None = Field(
        default=None,
        title="地址",
        description="postgresql+psycopg:// address; none uses SQLite in the data directory.",
    )


class VolumePlace(Section):
    """A disk that recordings are written to."""

    path: Path = Field(title="目录", description="Folder of the recordings on it.")
    max_gb: float | None = Field(
        default=None, gt=0, title="容量", description="Most gigabytes used there; none: no limit."
    )
    mounted: bool = Field(
        default=True,
        title="独立磁盘",
        description="It must lie on another disk than the root folder, so that nothing is written "
        "to the root disk when it is not mounted.",
    )


class RecordingClass(Section):
    """Cameras whose recordings are kept otherwise than the rest."""

    name: str = Field(min_length=1, title="类别", description="Its name, in alarms and records.")
    cameras: tuple[str, ...] = Field(title="摄像头", description="Ids of its cameras.")
    days: int | None = Field(
        default=None, ge=30, le=365, title="保存", description="Days kept; as the rest if absent."
    )
    max_gb: float | None = Field(
        default=None, gt=0, title="容量", description="Most gigabytes used by all of them."
    )
    max_gb_per_camera: float | None = Field(
        default=None, gt=0, title="单机容量", description="Most gigabytes used by each of them."
    )


class Recording(Section):
    """Continuous recording of the main streams."""

    segment_s: float = Field(default=10, ge=2, le=300, title="分段", description="Seconds a file.")
    retention_days: int = Field(
        default=30, ge=30, le=365, title="保存", description="Days kept; the law's floor is 30."
    )
    max_gb: float = Field(default=500, gt=0, title="容量", description="Most gigabytes used.")
    max_gb_per_camera: float | None = Field(
        default=None, gt=0, title="单机容量", description="Most gigabytes used by any camera."
    )
    classes: tuple[RecordingClass, ...] = Field(
        default=(), title="类别", description="Cameras that are kept longer, shorter or smaller."
    )
    volumes: tuple[VolumePlace, ...] = Field(
        default=(), title="磁盘", description="Where recordings go; none: the data directory."
    )

    @model_validator(mode="after")
    def _one_class_a_camera(self) -> Self:
        members = [camera for one in self.classes for camera in one.cameras]
        for camera in members:
            if members.count(camera) > 1:
                raise ValueError(f"camera {camera!r} is in two classes")
        return self


class CredentialFiles(Section):
    """Where the cameras' passwords are, encrypted, and the key to them."""

    file: Path | None = Field(
        default=None,
        title="密码文件",
        description="Encrypted; credentials.json beside cameras.yaml when absent.",
    )
    key_file: Path | None = Field(
        default=None,
        title="密钥文件",
        description="credentials.key in the data directory when absent. The environment variable "
        "WARDWATCH_CREDENTIALS_KEY goes before it.",
    )


class Inbox(Section):
    """A watch folder for films from the cards of drones and body cameras."""

    folder: Path = Field(
        title="文件夹", description="One folder a device inside it; its films are imported."
    )
    timezone: TimeZone | None = Field(
        default=None, title="时区", description="Of clocks that name none; the site's when absent."
    )
    timezones: dict[Id, TimeZone] = Field(
        default={}, title="各设备时区", description="The same for single devices."
    )


class Evidence(Section):
    """How evidence is cut."""

    before_s: float = Field(default=10, ge=0, title="前", description="Seconds before the moment.")
    after_s: float = Field(default=10, ge=0, title="后", description="Seconds after it.")


class Analysis(Section):
    """Looking for violations."""

    fps: float = Field(
        default=5, gt=0, le=30, title="帧率", description="Frames analysed a second."
    )
    model: str = Field(
        default="auto", title="模型", description="Registry name; auto takes the first to be had."
    )
    min_score: float = Field(
        default=0.45,
        gt=0,
        lt=1,
        title="阈值",
        description="Weakest detection that begins a track; weaker ones only continue one.",
    )
    threads: int = Field(default=0, ge=0, title="线程", description="Inference threads, 0: all.")
    runtime: Literal["auto", "onnxruntime", "openvino"] = Field(
        default="auto",
        title="推理引擎",
        description="What executes the model; auto: the faster one measured on this processor.",
    )
    device: Literal["cpu", "cuda", "tensorrt"] = Field(
        default="cpu", title="推理设备", description="Processor, or a graphics card of NVIDIA."
    )
    decoder: Literal["auto", "software", "vaapi", "cuda"] = Field(
        default="software",
        title="解码",
        description="Where pictures are decoded; auto takes a graphics card if there is one. What "
        "the card cannot do is done in software.",
    )


class Teaching(Section):
    """What is learned from the decisions of people at the desk."""

    keep_days: float = Field(
        default=180,
        ge=0,
        le=730,
        title="样本保存",
        description="Days that the pictures of judged incidents are kept for training; 0: none.",
    )
    max_gb: float = Field(
        default=5, gt=0, title="样本容量", description="Most gigabytes they take; oldest go first."
    )
    hold_back_days: float = Field(
        default=14,
        ge=0,
        le=90,
        title="误报抑制",
        description="Days that a dismissed false alarm is held back at its place; 0: never.",
    )


class Console(Section):
    """The web pages."""

    host: str = Field(default="127.0.0.1", title="监听", description="Address to listen on.")
    port: int = Field(default=8600, ge=0, le=65535, title="端口", description="0: any free port.")


class Site(Section):
    """Everything one command centre runs on."""

    name: Text = Field(title="名称", description="Name of the township.")
    timezone: TimeZone = Field(default="Asia/Shanghai", title="时区", description="IANA name.")
    language: Language = Field(default="zh", title="语言", description="Language of new users.")
    centre: GeoPoint = Field(title="中心", description="Middle of the map.")
    directory: Path | None = Field(
        default=None, title="配置目录", description="Where this was read from; set by the reader."
    )
    data_dir: Path = Field(
        default=Path("var"), title="数据目录", description="Recordings, vault, database, logs."
    )
    redis: Redis = Redis()
    database: Database = Database()
    networks: tuple[Network, ...] = Field(
        default=PRIVATE,
        title="摄像机网段",
        description="Networks that cameras and loudspeakers may stand in; private ones by default.",
    )
    credentials: CredentialFiles = CredentialFiles()
    recording: Recording = Recording()
    inbox: Inbox | None = Field(
        default=None, title="导入文件夹", description="None: no films are imported."
    )
    signing: Signing = Signing()
    evidence: Evidence = Evidence()
    vault: VaultPlace = VaultPlace()
    seal: Sealing = Sealing()
    keeping_days: KeepingDays = KeepingDays()
    analysis: Analysis = Analysis()
    warnings: Warnings = Warnings()
    teaching: Teaching = Teaching()
    places: Places = Places()
    dispatch: Dispatch = Dispatch()
    duty: Duty = Duty()
    notify: Notify = Notify()
    console: Console = Console()
    supervision: Supervision = Supervision()
    tips: Tips = Tips()
    map: Path | None = Field(
        default=None, title="底图", description="GeoJSON of roads, water and buildings."
    )
    cameras: tuple[Camera, ...] = ()
    overlaps: tuple[tuple[str, ...], ...] = Field(
        default=(),
        title="重叠区域",
        description="Groups of camera/zone that show the same ground: an act seen by several of "
        "them is one incident. Zones of a group have one kind and one response.",
    )
    speaker_groups: tuple[SpeakerGroup, ...] = Field(
        default=(), title="喇叭分组", description="Loudspeakers that say a warning together."
    )
    officers: tuple[Officer, ...] = ()
    contacts: tuple[Contact, ...] = ()
    catalogue: Catalogue
    warning_texts: WarningTexts
    mode: Literal["live", "demo"] = Field(
        default="live",
        title="模式",
        description="demo: an exercise with simulated cameras and people (`wardwatch demo`).",
    )

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        for what, ids in (
            ("camera", [c.id for c in self.cameras]),
            ("officer", [o.id for o in self.officers]),
            ("contact", [c.id for c in self.contacts]),
            ("speaker group", [g.id for g in self.speaker_groups]),
        ):
            for one in ids:
                if ids.count(one) > 1:
                    raise ValueError(f"{what} id {one!r} appears twice")
        return self

    @model_validator(mode="after")
    def _listeners_differ(self) -> Self:
        for number, one in enumerate(self.cameras):
            for other in self.cameras[:number]:
                if one.enabled and other.enabled and one.streams.clashes(other.streams):
                    raise ValueError(
                        f"cameras {other.id!r} and {one.id!r} listen at the same port; "
                        "give one of them another"
                    )
        return self

    @model_validator(mode="after")
    def _officers_have_what_they_name(self) -> Self:
        self.notify.check(self.officers)
        known = {vehicle.id for vehicle in self.dispatch.vehicles}
        for officer in self.officers:
            if officer.vehicle is not None and officer.vehicle not in known:
                raise ValueError(
                    f"officer {officer.id!r}: no vehicle {officer.vehicle!r} in dispatch.vehicles"
                )
        return self

    @model_validator(mode="after")
    def _officers_shifts_are_there(self) -> Self:
        for officer in self.officers:
            for name in officer.shifts:
                if self.duty.shift(name) is None:
                    raise ValueError(f"officer {officer.id!r}: no shift {name!r} in duty.yaml")
        known = {officer.id for officer in self.officers}
        for rotation in self.duty.rotations:
            for name in (one for team in rotation.teams for one in team.officers):
                if name not in known:
                    raise ValueError(
                        f"duty.yaml: rotation {rotation.id!r}: no officer {name!r} in officers.yaml"
                    )
        return self

    @model_validator(mode="after")
    def _overlaps_fit(self) -> Self:
        named: set[str] = set()
        for group in self.overlaps:
            sorts = set()
            for name in group:
                camera_id, _, zone_id = name.partition("/")
                camera = self.camera(camera_id)
                zone = camera.zone(zone_id) if camera else None
                if zone is None:
                    raise ValueError(f"overlaps: {name!r} is no zone; write camera/zone")
                if name in named:
                    raise ValueError(f"overlaps: {name!r} appears twice")
                named.add(name)
                sorts.add((zone.rule.kind, zone.response))
            if len(group) < 2 or len(sorts) > 1:
                raise ValueError(
                    f"overlaps: {', '.join(group)}: two zones or more, of one kind and response"
                )
        return self

    @model_validator(mode="after")
    def _speakers_are_known(self) -> Self:
        cameras = {camera.id: camera for camera in self.cameras}
        for group in self.speaker_groups:
            for member in group.cameras:
                if member not in cameras or cameras[member].speaker is None:
                    raise ValueError(
                        f"speaker group {group.id!r}: camera {member!r} has no loudspeaker"
                    )
        for camera in self.cameras:
            speaker = camera.speaker
            if speaker is None:
                continue
            if speaker.group is not None and self.speaker_group(speaker.group) is None:
                raise ValueError(f"camera {camera.id!r}: no speaker group {speaker.group!r}")
            if speaker.microphone is not None and speaker.microphone not in cameras:
                raise ValueError(f"camera {camera.id!r}: no camera {speaker.microphone!r}")
        return self

    @property
    def zone_info(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def camera(self, camera_id: str) -> Camera | None:
        """The camera of that id, or None."""
        return next((camera for camera in self.cameras if camera.id == camera_id), None)

    def same_ground(self, camera_id: str, zone_id: str) -> frozenset[tuple[str, str]]:
        """Camera and zone of everything that shows the ground of this zone, itself included."""
        own = f"{camera_id}/{zone_id}"
        group = next((group for group in self.overlaps if own in group), (own,))
        return frozenset((one.partition("/")[0], one.partition("/")[2]) for one in group)

    def speaker_group(self, group_id: str) -> SpeakerGroup | None:
        """The group of loudspeakers of that id, or None."""
        return next((group for group in self.speaker_groups if group.id == group_id), None)

    def officer(self, officer_id: str) -> Officer | None:
        """The officer of that id, or None."""
        return next((officer for officer in self.officers if officer.id == officer_id), None)
