"""What a film from a card says of itself: length, pictures, clocks, telemetry."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer

from core.clock import NS_PER_S, iso
from ingest.errors import CorruptFileError, IngestError
from ingest.inbox_clock import Reading, from_local, from_name
from ingest.telemetry.dji_srt import DjiLog, read_dji_srt
from ingest.telemetry.errors import TelemetryError
from ingest.telemetry.klv import KlvDecoder
from ingest.telemetry.tlog import FlightLog, read_tlog
from ingest.telemetry.track import TelemetrySample, TelemetryTrack

KLV_MOST_BYTES = 256 * 1024 * 1024


@dataclass
class Film:
    """A film that was looked at."""

    duration_s: float
    video: dict[str, Any]
    readings: list[Reading]
    klv: TelemetryTrack | None = None
    subtitles: DjiLog | None = None
    flight: FlightLog | None = None
    notes: list[str] = field(default_factory=list)

    def track(self, start_ns: int) -> TelemetryTrack | None:
        """Its telemetry, the best there is, on UTC."""
        if self.klv is not None:
            return self.klv
        if self.flight is not None:
            return self.flight.track
        return self.subtitles.track(start_ns) if self.subtitles is not None else None


def look(path: Path, name: str, sidecars: Sequence[Path], zone: tzinfo, mtime_ns: int) -> Film:
    """Look at a film and what lies beside it.

    Args:
        path: the film.
        name: what it was called on the device.
        zone: of times of day that name none.
        mtime_ns: when the device closed it.

    Raises:
        IngestError: no video can be read. Damaged telemetry is only noted: the film counts.
    """
    try:
        with av.open(str(path)) as container:
            film = _film(container, name)
    except IngestError:
        raise
    except (av.error.FFmpegError, OSError) as error:
        raise CorruptFileError(
            f"{name}: no video can be read from it ({getattr(error, 'strerror', error)}); "
            "copy it from the device again"
        ) from error
    for sidecar in sidecars:
        _read_beside(film, sidecar, zone)
    named = from_name(name, zone)
    if named:
        film.readings.append(named)
    film.readings.append(Reading("file time", mtime_ns - round(film.duration_s * NS_PER_S)))
    return film


def summary(track: TelemetryTrack, kind: str) -> dict[str, Any]:
    """The few facts about a track that go into a manifest."""
    places = [sample.place for sample in track.samples if sample.place]
    heights = ("amsl_m", "ellipsoid_m", "relative_m", "unlabelled_m")
    assert track.first_ns is not None
    assert track.last_ns is not None
    return {
        "kind": kind,
        "samples": len(track),
        "first_utc": iso(track.first_ns),
        "last_utc": iso(track.last_ns),
        "covered_s": round(track.covered_s, 3),
        "bounds": [
            min(p.lon for p in places),
            min(p.lat for p in places),
            max(p.lon for p in places),
            max(p.lat for p in places),
        ]
        if places
        else None,
        "heights": [h for h in heights if any(getattr(s, h) is not None for s in track.samples)],
        "gimbal": any(sample.gimbal for sample in track.samples),
    }


def _film(container: InputContainer, name: str) -> Film:
    if not container.streams.video:
        raise IngestError(f"{name}: no video in this file; put films into the inbox")
    video = container.streams.video[0]
    context = video.codec_context
    duration_s = (container.duration or 0) / 1_000_000
    rate = video.average_rate or video.guessed_rate
    film = Film(
        duration_s,
        {
            "codec": context.name,
            "width": context.width,
            "height": context.height,
            "fps": round(float(rate), 3) if rate else None,
        },
        [],
    )
    if not context.width or (first := next(container.demux(video), None)) is None or not first.size:
        raise CorruptFileError(f"{name}: it holds no pictures; copy it from the device again")
    origin = first.pts if first.pts is not None else first.dts
    base_ns = round(origin * video.time_base * NS_PER_S) if origin and video.time_base else 0
    made = container.metadata.get("creation_time") or video.metadata.get("creation_time")
    if made:
        try:
            film.readings.append(from_container(made))
        except ValueError:
            film.notes.append(f"the container's creation_time {made[:40]!r} is no time")
    if container.streams.data:
        container.seek(0)
        _read_klv(container, film, base_ns)
    return film


def from_container(made: str) -> Reading:
    """The container's creation time; FFmpeg gives it in UTC (ISO/IEC 14496-12 §8.2.2)."""
    moment = datetime.fromisoformat(made)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return Reading("container", round(moment.timestamp() * 1000) * 1_000_000)


def _read_klv(container: InputContainer, film: Film, base_ns: int) -> None:
    """KLV inside the film; its first set with a stream time dates the first picture."""
    decoder = KlvDecoder()
    samples: list[TelemetrySample] = []
    read_bytes = 0
    for packet in container.demux(*container.streams.data):
        read_bytes += packet.size
        if read_bytes > KLV_MOST_BYTES:
            film.notes.append("only the first part of the telemetry in the film was read")
            break
        for one in decoder.feed(bytes(packet)) if packet.size else []:
            if not samples and packet.pts is not None and packet.time_base is not None:
                into_ns = round(packet.pts * packet.time_base * NS_PER_S) - base_ns
                film.readings.append(Reading("klv", one.time_ns - into_ns))
            samples.append(one.sample())
    samples += [one.sample() for one in decoder.finish()]
    if samples:
        film.klv = TelemetryTrack(samples)
        if decoder.fault_count:
            film.notes.append(f"telemetry in the film: {decoder.fault_count} damaged places")


def _read_beside(film: Film, sidecar: Path, zone: tzinfo) -> None:
    try:
        if sidecar.suffix.lower() == ".srt":
            film.subtitles = read_dji_srt(sidecar, salvage=True)
            if film.subtitles.fault:
                film.notes.append(film.subtitles.fault)
            local = film.subtitles.local_start
            if local is not None:
                film.readings.append(from_local("subtitles", local, zone))
        else:
            film.flight = read_tlog(sidecar)
            film.notes.extend(film.flight.notes)
    except TelemetryError as error:
        film.notes.append(str(error))
