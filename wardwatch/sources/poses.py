"""Telemetry beside pushed pictures, decoded to poses apart from the recording.

The recorder's threads only put packets down here. A packet that is hard to decode, or a bus that
does not answer, costs poses and never a picture.
"""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress

import structlog

from core.errors import WardwatchError
from core.messages import CameraPose
from ingest.push import KlvPacket
from ingest.telemetry.klv import KlvDecoder, UasSet

WAITING_MOST = 500
PACKET_MOST_BYTES = 256 << 10
DECODERS_MOST = 4
"""KLV streams followed in one camera's programme."""

log = structlog.get_logger()


class PoseReader:
    """Decodes KLV packets in a thread of its own.

    Attributes:
        dropped: packets that were not decoded, for there were too many.
    """

    def __init__(self, tell: Callable[[CameraPose], None]) -> None:
        self.dropped = 0
        self._tell = tell
        self._waiting: queue.Queue[KlvPacket | None] = queue.Queue(WAITING_MOST)
        self._decoders: dict[str, dict[int, KlvDecoder]] = {}
        self._thread = threading.Thread(target=self._run, name="poses", daemon=True)
        self._thread.start()

    def take(self, packet: KlvPacket) -> None:
        """Put a packet down; never waits."""
        if len(packet.data) > PACKET_MOST_BYTES:
            self.dropped += 1
            return
        try:
            self._waiting.put_nowait(packet)
        except queue.Full:
            self.dropped += 1

    def close(self, timeout_s: float = 5.0) -> None:
        """Decode what waits, then end."""
        with suppress(queue.Full):
            self._waiting.put(None, timeout=timeout_s)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (packet := self._waiting.get()) is not None:
            try:
                self._decode(packet)
            except WardwatchError as error:
                log.warning("pose not told", camera=packet.camera, error=str(error))
            except Exception:
                log.exception("telemetry not decoded", camera=packet.camera)

    def _decode(self, packet: KlvPacket) -> None:
        decoders = self._decoders.setdefault(packet.camera, {})
        if packet.stream not in decoders and len(decoders) >= DECODERS_MOST:
            self.dropped += 1
            return
        for one in decoders.setdefault(packet.stream, KlvDecoder()).feed(packet.data):
            self._tell(pose_of(packet.camera, packet.time_ns, one))


def pose_of(camera: str, time_ns: int, one: UasSet) -> CameraPose:
    """A decoded local set as a pose at a moment of the pictures' time line."""
    sample = one.sample()
    platform, sensor = sample.airframe, sample.gimbal
    return CameraPose(
        camera=camera,
        time_ns=time_ns,
        device_ns=sample.time_ns,
        place=sample.place,
        amsl_m=sample.amsl_m,
        ellipsoid_m=sample.ellipsoid_m,
        heading_deg=one.number("heading_deg"),
        pitch_deg=platform.pitch_deg if platform else None,
        roll_deg=platform.roll_deg if platform else None,
        sensor_yaw_deg=sensor.yaw_deg if sensor else None,
        sensor_pitch_deg=sensor.pitch_deg if sensor else None,
        sensor_roll_deg=sensor.roll_deg if sensor else None,
        hfov_deg=sample.hfov_deg,
        vfov_deg=sample.vfov_deg,
        slant_range_m=sample.slant_range_m,
        centre=sample.centre,
        centre_amsl_m=sample.centre_amsl_m,
    )
