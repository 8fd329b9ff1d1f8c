"""Profiles, stream and snapshot addresses (ONVIF Media and Media 2 services)."""

from collections.abc import Sequence
from dataclasses import dataclass

from ingest.onvif.caller import Caller, Service
from ingest.onvif.errors import OnvifFault, OnvifRefusedError
from ingest.onvif.soap import element
from ingest.onvif.tree import Node, number, whole

_SUB_WIDTH_LEAST = 320
_SUB_WIDTH_MOST = 1280


@dataclass(frozen=True)
class Profile:
    """A way the camera offers its picture.

    Attributes:
        token: names it to the camera.
        encoding: H264, H265, JPEG, …, upper case; empty without an encoder.
        width: in pixels, 0 when not told; so is ``height``.
        fps: None when not told.
        kbps: limit of the bit rate, None when not told.
        source: token of the video source (imaging needs it).
        ptz: it can be steered.
        service: which service told of it.
    """

    token: str
    name: str
    encoding: str
    width: int
    height: int
    fps: float | None
    kbps: int | None
    source: str
    ptz: bool
    service: Service


@dataclass(frozen=True)
class StreamAddresses:
    """Addresses to record and to analyse, without credentials.

    Attributes:
        sub: None when the camera has one stream only.
    """

    main: str
    main_profile: Profile
    sub: str | None
    sub_profile: Profile | None


def read_profiles(answer: Node) -> tuple[Profile, ...]:
    """GetProfiles of Media; profiles without a token are left out."""
    return tuple(
        _profile(
            node,
            node.find("VideoEncoderConfiguration"),
            node.find("VideoSourceConfiguration"),
            node.find("PTZConfiguration"),
            "media",
        )
        for node in answer.all("Profiles")
        if node.attributes.get("token")
    )


def read_profiles2(answer: Node) -> tuple[Profile, ...]:
    """GetProfiles of Media 2."""
    return tuple(
        _profile(
            node,
            node.find("Configurations", "VideoEncoder"),
            node.find("Configurations", "VideoSource"),
            node.find("Configurations", "PTZ"),
            "media2",
        )
        for node in answer.all("Profiles")
        if node.attributes.get("token")
    )


def choose(profiles: Sequence[Profile]) -> tuple[Profile, Profile | None] | None:
    """Main and sub by resolution.

    Main is the largest that is inter-coded (JPEG only when there is nothing else), of equals the
    faster. Sub is of the same video source, as near to 640 pixels wide as there is one between
    320 and 1280, and smaller than main.

    Returns:
        None when no profile has a video encoder.
    """
    videos = [profile for profile in profiles if profile.encoding]
    if not videos:
        return None

    def rank(profile: Profile) -> tuple[bool, int, float]:
        pixels = profile.width * profile.height
        return (profile.encoding != "JPEG", pixels, profile.fps or 0.0)

    main = max(videos, key=rank)
    smaller = [
        profile
        for profile in videos
        if profile.source == main.source
        and _SUB_WIDTH_LEAST <= profile.width <= _SUB_WIDTH_MOST
        and profile.width * profile.height < main.width * main.height
    ]
    sub = min(
        smaller, key=lambda p: (p.encoding == "JPEG", abs(p.width - 640), p.width), default=None
    )
    return main, sub


class Media:
    """The media services of one camera; Media 2 where it works, else Media."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._profiles: tuple[Profile, ...] | None = None

    async def profiles(self) -> tuple[Profile, ...]:
        """All profiles; asked once."""
        if self._profiles is None:
            self._profiles = await self._ask_profiles()
        return self._profiles

    async def main_profile(self) -> Profile:
        return (await self._chosen())[0]

    async def streams(self) -> StreamAddresses:
        """What to record and what to analyse."""
        main, sub = await self._chosen()
        return StreamAddresses(
            await self.stream_uri(main),
            main,
            await self.stream_uri(sub) if sub is not None else None,
            sub,
        )

    async def stream_uri(self, profile: Profile) -> str:
        """RTSP address of a profile, with the host that we reached the camera by."""
        operation = "GetStreamUri"
        if profile.service == "media2":
            answer = await self._caller.ask(
                "media2",
                operation,
                element("tr2:Protocol", "RTSP"),
                element("tr2:ProfileToken", profile.token),
            )
            return self._uri(answer.word("Uri"), operation, ("rtsp", "rtsps"))
        setup = element(
            "trt:StreamSetup",
            element("tt:Stream", "RTP-Unicast"),
            element("tt:Transport", element("tt:Protocol", "RTSP")),
        )
        token = element("trt:ProfileToken", profile.token)
        answer = await self._caller.ask("media", operation, setup, token)
        return self._uri(answer.word("MediaUri", "Uri"), operation, ("rtsp", "rtsps"))

    async def snapshot_uri(self, profile: Profile | None = None) -> str:
        """HTTP address of a JPEG picture; of the main profile by default."""
        chosen = profile or await self.main_profile()
        operation = "GetSnapshotUri"
        if chosen.service == "media2":
            token = element("tr2:ProfileToken", chosen.token)
            answer = await self._caller.ask("media2", operation, token)
            return self._uri(answer.word("Uri"), operation, ("http", "https"))
        token = element("trt:ProfileToken", chosen.token)
        answer = await self._caller.ask("media", operation, token)
        return self._uri(answer.word("MediaUri", "Uri"), operation, ("http", "https"))

    async def _chosen(self) -> tuple[Profile, Profile | None]:
        chosen = choose(await self.profiles())
        if chosen is None:
            raise self._caller.broken("GetProfiles", "the camera has no profile with video")
        return chosen

    async def _ask_profiles(self) -> tuple[Profile, ...]:
        if await self._caller.has("media2"):
            try:
                wanted = [element("tr2:Type", t) for t in ("VideoSource", "VideoEncoder", "PTZ")]
                answer = await self._caller.ask("media2", "GetProfiles", *wanted)
                found = read_profiles2(answer)
                if found:
                    return found
            except OnvifRefusedError:
                raise
            except OnvifFault:
                if not await self._caller.has("media"):
                    raise
        return read_profiles(await self._caller.ask("media", "GetProfiles"))

    def _uri(self, given: str, operation: str, schemes: tuple[str, ...]) -> str:
        if given.partition(":")[0].lower() not in schemes:
            raise self._caller.broken(operation, f"no {schemes[0]} address in the answer")
        return self._caller.lead_back(given, operation)


def _profile(
    node: Node, encoder: Node | None, source: Node | None, ptz: Node | None, service: Service
) -> Profile:
    video = encoder or Node("")
    rate = video.find("RateControl") or Node("")
    return Profile(
        token=node.attributes["token"],
        name=node.word("Name")[:200],
        encoding=video.word("Encoding").upper().replace("JPEG2000", "JPEG"),
        width=max(0, whole(video.word("Resolution", "Width")) or 0),
        height=max(0, whole(video.word("Resolution", "Height")) or 0),
        fps=number(rate.word("FrameRateLimit")) or None,
        kbps=whole(rate.word("BitrateLimit")) or None,
        source="" if source is None else source.word("SourceToken"),
        ptz=ptz is not None,
        service=service,
    )
