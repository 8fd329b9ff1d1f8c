"""Which driver speaks for a camera, made from its configuration."""

from collections.abc import Callable
from pathlib import Path

from broadcast import http
from broadcast.axis import AxisClipSpeaker, AxisSpeaker
from broadcast.base import SpeakerDriver
from broadcast.codecs import PCMU, VOICES
from broadcast.drone import DroneSpeaker, Link
from broadcast.errors import SpeakerError
from broadcast.file import FileSpeaker
from broadcast.hikvision import HikvisionSpeaker
from broadcast.http_device import HttpDevice
from broadcast.multicast import MulticastSpeaker
from broadcast.onvif import OnvifSpeaker
from broadcast.sip import SipSpeaker
from broadcast.tls import Trust
from core.clock import Clock
from core.config.cameras import Camera
from core.credentials import Credentials
from core.errors import ConfigError
from core.networks import Networks

Build = Callable[[Camera, int | None], SpeakerDriver]
"""The driver of a camera, set to a volume (None: as the device has it)."""


def build(
    camera: Camera,
    clock: Clock,
    credentials: Credentials,
    networks: Networks | None = None,
    *,
    volume: int | None = None,
    drones: Link | None = None,
    directory: Path | None = None,
) -> SpeakerDriver:
    """The driver of a camera's loudspeaker. Nothing is opened yet.

    Args:
        networks: where loudspeakers may stand; None asks nothing.
        volume: 1..100, for devices that can be told.
        drones: the way to drones, where there is one.
        directory: of the configuration; files that it names lie there.

    Raises:
        SpeakerError: the camera has no loudspeaker, or its section lacks something.
    """
    speaker = camera.speaker
    if speaker is None:
        raise SpeakerError(f"camera {camera.id}: has no loudspeaker; add a `speaker` section")
    try:
        credential = credentials.of_speaker(camera)
    except ConfigError as error:
        raise SpeakerError(str(error)) from None
    url = speaker.url or ""

    def device(address: str) -> HttpDevice:
        return HttpDevice(address, f"camera {camera.id}", credential=credential, networks=networks)

    match speaker.driver:
        case "onvif":
            return OnvifSpeaker(
                camera.id,
                speaker.url or camera.streams.main,
                clock,
                username=credential.username if credential else None,
                password=credential.password if credential else "",
                networks=networks,
            )
        case "hikvision":
            return HikvisionSpeaker(camera.id, device(url), clock, channel=speaker.channel)
        case "axis":
            if speaker.mode == "clip":
                return AxisClipSpeaker(camera.id, device(url), clock, volume=volume)
            return AxisSpeaker(camera.id, device(url), clock)
        case "sip":
            return SipSpeaker(
                camera.id,
                url,
                clock,
                caller=speaker.caller or (credential.username if credential else "wardwatch"),
                credential=credential,
                networks=networks,
                codec=speaker.codec,
                ring_s=speaker.ring_s,
                trust=Trust(
                    (directory or Path()) / speaker.ca_file if speaker.ca_file else None,
                    speaker.fingerprint,
                ),
            )
        case "multicast":
            return MulticastSpeaker(
                camera.id,
                url,
                clock,
                voice=VOICES.get(speaker.codec, PCMU),
                ttl=speaker.ttl,
                interface=speaker.interface,
                networks=networks,
            )
        case "http":
            return http.HttpSpeaker(
                camera.id,
                url,
                device(http.base(url)),
                clock,
                kind=speaker.format,
                expect=speaker.expect,
                volume=volume,
            )
        case "drone":
            if drones is None:
                raise SpeakerError(f"camera {camera.id}: there is no way to drones here")
            return DroneSpeaker(camera.id, speaker.url or camera.id, clock, drones, volume=volume)
        case "file":
            if speaker.url is None:
                raise SpeakerError(
                    f"camera {camera.id}: speaker.url: name the directory that receives the audio"
                )
            return FileSpeaker(camera.id, Path(speaker.url), clock)


def identity(camera: Camera) -> str:
    """Name of the physical loudspeaker: cameras that share one share its lock and cooldown."""
    speaker = camera.speaker
    if speaker is None:
        return f"none:{camera.id}"
    if speaker.driver == "drone":
        return f"drone:{speaker.url or camera.id}"
    number = "" if speaker.channel is None else f"#{speaker.channel}"
    return f"{speaker.driver}:{speaker.url or camera.streams.main}{number}"
