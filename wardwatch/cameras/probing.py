"""Asking devices: ONVIF first, then their streams themselves."""

import asyncio
from urllib.parse import urlsplit

import av
import structlog
from av.container import InputContainer
from av.video.frame import VideoFrame

from core.clock import NS_PER_S, Clock
from core.config.cameras import PULLED
from core.credentials import Credential
from core.errors import ConfigError
from core.networks import Networks
from core.roster import FoundStream, Probed
from ingest.base import Source, wanted_streams
from ingest.errors import IngestError, RefusedError
from ingest.onvif.camera import OnvifCamera
from ingest.onvif.camera import Probe as OnvifProbe
from ingest.onvif.errors import OnvifError, OnvifRefusedError, OnvifUnreachableError
from ingest.onvif.media import Profile
from ingest.rtsp import RtspSource
from ingest.timeline import nominal_rate
from wardwatch.cameras.drafts import host_of, odd

ANSWER_S = 6.0
OPEN_S = 8.0
STREAMS_MOST = 12
CLOCK_S = 5.0
"""A clock that is off by more is worth a line."""

_CODECS = {"hevc": "h265", "h264": "h264", "jpeg": "mjpeg"}

log = structlog.get_logger()


class Prober:
    """Asks one site's devices; no packet goes anywhere but into the configured networks."""

    def __init__(self, clock: Clock, networks: Networks) -> None:
        self._clock = clock
        self._networks = networks

    async def probe(self, address: str, credential: Credential | None) -> Probed:
        """See :meth:`core.roster.CameraOffice.probe`.

        Raises:
            AddressError: outside the networks, or a name without an address.
            IngestError: nothing answers, or it says no.
            ConfigError: no address.
        """
        stream = await self.permitted(address)
        if stream:
            return await self._probe_stream(address, credential)
        return await self._probe_onvif(address, credential)

    async def permitted(self, address: str) -> bool:
        """Whether it is a stream's address (else a device's), once it is known to be allowed.

        Raises:
            ConfigError: no address.
            AddressError: outside the networks.
        """
        if odd(address):
            raise ConfigError(f"address: {odd(address)}")
        scheme = address.partition("://")[0].lower() if "://" in address else ""
        if scheme not in ("", "http", "https", *PULLED):
            raise ConfigError(
                f"{scheme}://: only cameras that are connected to can be asked; "
                "write a host, host:port, http:// or rtsp:// address"
            )
        host = host_of("address", address if scheme else f"http://{address}")
        await asyncio.to_thread(self._networks.address_of, host)
        return scheme in PULLED

    def onvif(self, name: str, address: str, credential: Credential | None) -> OnvifCamera:
        """A connection to a camera's ONVIF services."""
        return OnvifCamera(
            name,
            address,
            username=credential.username if credential else None,
            password=credential.password if credential else None,
            clock=self._clock,
            timeout_s=ANSWER_S,
            networks=self._networks,
        )

    def stream(self, name: str, url: str, credential: Credential | None) -> RtspSource:
        """A stream, to be opened."""
        return RtspSource(
            name,
            url,
            self._clock,
            username=credential.username if credential else None,
            password=credential.password if credential else None,
            networks=self._networks,
            open_s=OPEN_S,
        )

    async def _probe_stream(self, url: str, credential: Credential | None) -> Probed:
        source = self.stream(urlsplit(url).hostname or "", url, credential)
        found = await asyncio.to_thread(_looked_into, source, "main")
        return Probed(address=url, streams=(found,), sign_in="" if credential else "none")

    async def _probe_onvif(self, address: str, credential: Credential | None) -> Probed:
        full = address if "://" in address else f"http://{address}"
        name = urlsplit(full).netloc
        async with self.onvif(name, address, credential) as camera:
            try:
                told = await camera.probe()
            except OnvifRefusedError:
                raise
            except OnvifUnreachableError as error:
                raise OnvifUnreachableError(
                    f"{error}; if it speaks no ONVIF, give the rtsp:// address of its stream"
                ) from None
            problems = list(told.problems)
            streams = await self._streams(camera, name, told, credential, problems)
        if told.clock is not None and abs(told.clock.offset_s) > CLOCK_S:
            problems.append(
                f"camera {name}: its clock is off by {told.clock.offset_s:+.0f} s; set NTP"
            )
        told_of = told.information
        return Probed(
            address=address,
            onvif=address,
            manufacturer=told_of.manufacturer if told_of else "",
            model=told_of.model if told_of else "",
            firmware=told_of.firmware if told_of else "",
            serial=told_of.serial if told_of else "",
            streams=streams,
            snapshot=told.snapshot_uri is not None,
            steerable="ptz" in told.services and any(p.ptz for p in told.profiles),
            speaker=bool(told.audio_outputs),
            clock_offset_s=round(told.clock.offset_s, 3) if told.clock else None,
            sign_in=told.sign_in,
            problems=tuple(problems),
        )

    async def _streams(
        self,
        camera: OnvifCamera,
        name: str,
        told: OnvifProbe,
        credential: Credential | None,
        problems: list[str],
    ) -> tuple[FoundStream, ...]:
        """Main and sub are opened, which also proves the sign-in; others if ONVIF is not enough."""
        if told.streams is None:
            return ()
        chosen: list[tuple[str, Profile, str]] = [
            ("main", told.streams.main_profile, told.streams.main)
        ]
        if told.streams.sub is not None and told.streams.sub_profile is not None:
            chosen.append(("sub", told.streams.sub_profile, told.streams.sub))
        known = {profile.token for _, profile, _ in chosen}
        others = [p for p in told.profiles if p.encoding and p.token not in known]
        for profile in others[: STREAMS_MOST - len(chosen)]:
            try:
                chosen.append(("other", profile, await camera.stream_uri(profile)))
            except OnvifError as error:
                problems.append(str(error))
        found, refused = [], False
        for role, profile, url in chosen:
            stream = _described(role, profile, url)
            lacking = not (stream.codec and stream.width)
            if (role != "other" or lacking) and not refused:
                try:
                    seen = await asyncio.to_thread(
                        _looked_into, self.stream(name, url, credential), role
                    )
                    stream = seen.model_copy(update={"fps": seen.fps or stream.fps})
                except IngestError as error:
                    # One wrong password is enough: cameras lock accounts.
                    refused = isinstance(error, RefusedError)
                    problems.append(f"{role} stream: {error}")
            found.append(stream)
        return tuple(found)


def picture(source: Source, container: InputContainer, clock: Clock, seconds: float) -> bytes:
    """The first picture that can be decoded by itself, as JPEG.

    Raises:
        IngestError: none came within ``seconds``, or the camera broke off.
    """
    import cv2  # not at the top: half a second that only snapshots need

    end_ns = clock.monotonic_ns() + round(seconds * NS_PER_S)
    began = False
    try:
        for packet in container.demux(wanted_streams(container)[0]):
            began = began or packet.is_keyframe
            for frame in packet.decode() if began else ():
                if isinstance(frame, VideoFrame):
                    _, jpeg = cv2.imencode(".jpg", frame.to_ndarray(format="bgr24"))
                    return jpeg.tobytes()
            if clock.monotonic_ns() > end_ns:
                break
    except (av.error.FFmpegError, OSError) as error:
        raise source.explain(error) from None
    raise IngestError(f"camera {source.camera}: no whole picture within {seconds:.0f} s")


def _looked_into(source: RtspSource, role: str) -> FoundStream:
    """Open a stream and tell what is in it."""
    container = source.open()
    try:
        video, *audio = wanted_streams(container)
        rate = nominal_rate(video)
        context = video.codec_context
        return FoundStream.model_validate(
            {
                "role": role,
                "url": source.url,
                "codec": _codec(context.name),
                "width": getattr(context, "width", 0),
                "height": getattr(context, "height", 0),
                "fps": round(float(rate), 2) if rate else 0.0,
                "audio": audio[0].codec_context.name if audio else "",
            }
        )
    finally:
        container.close()


def _described(role: str, profile: Profile, url: str) -> FoundStream:
    return FoundStream.model_validate(
        {
            "role": role,
            "url": url,
            "codec": _codec(profile.encoding),
            "width": profile.width,
            "height": profile.height,
            "fps": profile.fps or 0.0,
        }
    )


def _codec(name: str) -> str:
    return _CODECS.get(name.lower(), name.lower())
