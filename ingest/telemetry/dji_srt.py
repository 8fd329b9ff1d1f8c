"""The subtitles that DJI drones write beside a film (``DJI_0001.SRT``), one cue a moment.

There is no specification. The styles known, by what a line of them looks like:

===============  ==========================================================================
Phantom, Mavic   ``HOME(lon,lat) 2017.08.05 14:11:51`` / ``GPS(lon,lat,satellites)
Pro, Inspire     BAROMETER:1.9`` (older: ``Hb:1.9 Hs:1.9``) / ``ISO:100 Shutter:60 Fnum:2.2``
Mavic Mini, P4   ``F/2.8, SS 400, ISO 100, EV 0, GPS (lon, lat, satellites), D 221.21m, H
RTK              200.70m, …, F.PRY (pitch°, roll°, yaw°), G.PRY (pitch°, roll°, yaw°)``
Mavic 2 and on   ``[iso : 100] [shutter : 1/60.0] [fnum : 280] [latitude: 41.4] [longitude:
                 2.2] [altitude: 117.0]``, lately ``[rel_alt: 1.3 abs_alt: 41.2]`` and
                 ``[gb_yaw: 12.0 gb_pitch: -30.0 gb_roll: 0.0]``
Matrice 300,     ``2022.06.21 16:06:17`` / ``GPS(lat,lon,0.0M) BAROMETER:0.3M``; Avata 2
Avata 2          ``GPS(lat,lon,69.800) BAROMETER(91.2)``
===============  ==========================================================================

The third number of GPS is the satellites when it is whole, and a height when it is not; the
order of the other two follows from that. Times of day carry no zone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from core.clock import NS_PER_S
from core.geometry import GeoPoint
from ingest.telemetry.attitude import Attitude, wrapped
from ingest.telemetry.errors import TelemetryError
from ingest.telemetry.track import GAP_S, TelemetrySample, TelemetryTrack

LARGEST_BYTES = 256 * 1024 * 1024
LONGEST_LINE = 4096

_N = r"([-+]?\d{1,9}(?:\.\d{1,12})?)"
_CUE = re.compile(r"(\d{1,3}):(\d\d):(\d\d)[,.](\d{1,3})\s*-->\s*\d{1,3}:\d\d:\d\d")
_WHEN = re.compile(
    r"(\d{4})[.-](\d{1,2})[.-](\d{1,2}) +(\d{1,2}):(\d\d):(\d\d)(?:[,.](\d{3})(?:,?(\d{3})\b)?)?"
)
_GPS = re.compile(rf"GPS *\( *{_N} *, *{_N} *(?:, *{_N} *(M?) *)?\)", re.IGNORECASE)
_PRY = re.compile(rf"\b([FG])\.PRY *\( *{_N}°?, *{_N}°?, *{_N}°? *\)")
_PAIR = re.compile(
    r"\b([a-z_]{2,20}) ?: ?([-+]?\d{1,9}(?:/\d{1,9})?(?:\.\d{1,12})?)", re.IGNORECASE
)
_FONT = re.compile(r"</?font[^<>]{0,80}>")

_BAROMETER = re.compile(rf"\b(?:BAROMETER *[:(]|Hb:) *{_N}", re.IGNORECASE)
_HEIGHT = re.compile(rf"(?:^|, ?)H {_N}m\b")
_SPEED = re.compile(rf"\bH\.S {_N}m/s")
_F_STOP = re.compile(rf"(?:\bF/|\bFnum:F?|\bIR:F){_N}")
_SHUTTER = re.compile(rf"(?:\bSS |\bShutter:|\bTV:){_N}")
_ISO = re.compile(rf"\bISO[ :]{_N}")
_EV = re.compile(r"\bEV[ :] *([-+]?\d{1,3}(?:/\d{1,3}|\.\d{1,6})?)(?![\d.])")


@dataclass(frozen=True)
class Cue:
    """One subtitle.

    Attributes:
        line: its first line in the file, from 1.
        offset_ns: when it begins, counted from the first picture; None without a time code.
        local: the drone's time of day, in a zone it does not name (here marked UTC).
        sample: what it says; ``time_ns`` is 0.
    """

    line: int
    offset_ns: int | None
    local: datetime | None
    sample: TelemetrySample


@dataclass(frozen=True)
class DjiLog:
    """All subtitles of one film.

    Attributes:
        cues: at least one, offsets never decreasing.
        fault: what ended the reading before the end of the file; empty when nothing did.
    """

    cues: tuple[Cue, ...]
    fault: str = ""

    @property
    def local_start(self) -> datetime | None:
        """The drone's time of day at the first picture, as far as the subtitles tell."""
        for cue in self.cues:
            if cue.local is not None and cue.offset_ns is not None:
                ahead_ns = _ns(cue.local) - cue.offset_ns
                return datetime.fromtimestamp(ahead_ns // 1000 / 1e6, UTC)
        return None

    def track(self, start_ns: int, gap_s: float = GAP_S) -> TelemetryTrack:
        """The samples on the time line of the film.

        Args:
            start_ns: UTC of the first picture.
        """
        placed = (cue for cue in self.cues if cue.offset_ns is not None)
        samples = (replace(c.sample, time_ns=start_ns + (c.offset_ns or 0)) for c in placed)
        return TelemetryTrack(samples, gap_s)


def read_dji_srt(path: Path, *, salvage: bool = False) -> DjiLog:
    """Read a subtitle file of any known style.

    Args:
        salvage: keep what can be read before the damage, and say so in ``fault``.

    Raises:
        TelemetryError: names the file and the line; with ``salvage`` only if nothing is usable.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise TelemetryError(f"{path}: too large for subtitles; is it another kind of file?")
        text = path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as error:
        raise TelemetryError(f"{path}: cannot be read ({error.strerror})") from error
    return parse_dji_srt(text, str(path), salvage=salvage)


def parse_dji_srt(text: str, name: str, *, salvage: bool = False) -> DjiLog:
    """The same from text; ``name`` is what errors call it."""
    cues: list[Cue] = []
    fault = ""
    try:
        for line, block in _blocks(text):
            cues.append(_cue(line, block, name))
        if not cues:
            raise TelemetryError(f"{name}, line 1: empty; copy the file from the drone again")
    except TelemetryError as error:
        if not salvage or not cues:
            raise
        fault = str(error)
    return DjiLog(tuple(_in_order(_with_offsets(cues))), fault)


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """First line number and lines of each group between blank lines."""
    block: list[str] = []
    number = 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = _FONT.sub("", raw[:LONGEST_LINE]).strip()
        if line:
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []
    if block:
        yield number + 1 - len(block), block


def _cue(line: int, block: list[str], name: str) -> Cue:
    def wrong(what: str, below: int = 0) -> TelemetryError:
        return TelemetryError(
            f"{name}, line {line + below}: {what}; copy the file from the drone again, "
            "or take it away to import the film alone"
        )

    if not block[0].isdigit():
        raise wrong("no subtitle begins here (a number is expected)")
    cue = _CUE.match(block[1]) if len(block) > 1 else None
    body = " ".join(block[2:] if cue else block[1:])
    if not body:
        raise wrong("the subtitle is cut short", len(block) - 1)
    offset_ns = None
    if cue:
        hours, minutes, seconds = (int(cue[n]) for n in (1, 2, 3))
        offset_ns = (hours * 3600 + minutes * 60 + seconds) * NS_PER_S
        offset_ns += int(cue[4].ljust(3, "0")) * 1_000_000
    try:
        sample = _sample(body)
        local = _when(body)
    except ValueError as error:
        raise wrong(str(error), len(block) - 1) from None
    if sample is None:
        raise wrong("the subtitle holds no position, it is cut short", len(block) - 1)
    if offset_ns is None and local is None:
        raise wrong("the subtitle has neither a time code nor a time of day")
    return Cue(line, offset_ns, local, sample)


def _sample(body: str) -> TelemetrySample | None:
    """What a subtitle says, or None when it says nothing of a place."""
    pairs = {key.lower(): value for key, value in _PAIR.findall(body)}

    def of(pattern: re.Pattern[str], *keys: str) -> float | None:
        match = pattern.search(body)
        text = match[1] if match else next((pairs[key] for key in keys if key in pairs), None)
        return None if text is None else _number(text)

    def pair(key: str) -> float | None:
        return _number(pairs[key]) if key in pairs else None

    place, satellites, unlabelled = _gps(body)
    if place is None:
        lon = pair("longitude") if "longitude" in pairs else pair("longtitude")
        lat = pair("latitude")
        if lat is None or lon is None:
            return None
        place = None if lat == lon == 0 else _point(lon, lat)
    angles = {
        which: Attitude(wrapped(float(yaw)), float(pitch), float(roll))
        for which, pitch, roll, yaw in _PRY.findall(body)
    }
    gimbal = angles.get("G")
    if gimbal is None and {"gb_yaw", "gb_pitch", "gb_roll"} <= pairs.keys():
        gimbal = Attitude(*(_number(pairs[f"gb_{name}"]) for name in ("yaw", "pitch", "roll")))
    shutter = of(_SHUTTER, "shutter")
    stop = of(_F_STOP, "fnum")
    focal = pair("focal_len")
    relative = of(_BAROMETER, "rel_alt")
    return TelemetrySample(
        time_ns=0,
        place=None if place == GeoPoint(lon=0, lat=0) else place,  # before the first fix
        amsl_m=pair("abs_alt"),
        relative_m=relative if relative is not None else of(_HEIGHT),
        unlabelled_m=unlabelled if unlabelled is not None else pair("altitude"),
        airframe=angles.get("F"),
        gimbal=gimbal,
        gimbal_frame="earth" if gimbal else None,
        speed_mps=of(_SPEED),
        satellites=satellites,
        iso=of(_ISO, "iso"),
        # "1/80.0" is seconds; "80" is its reciprocal
        shutter_s=None if not shutter else shutter if shutter < 1 else 1 / shutter,
        f_number=stop / 100 if stop and stop >= 90 else stop,  # 280 is f/2.8
        ev=of(_EV, "ev"),
        focal_mm=focal / 10 if focal and focal >= 200 and "." not in pairs["focal_len"] else focal,
        zoom=pair("dzoom_ratio"),
        colour_k=pair("ct"),
    )


def _gps(body: str) -> tuple[GeoPoint | None, int | None, float | None]:
    """Place, satellites and height out of ``GPS(a, b, c)``."""
    match = _GPS.search(body)
    if not match:
        return None, None, None
    first, second = float(match[1]), float(match[2])
    third, metres = match[3], match[4]
    is_height = third is not None and ("." in third or bool(metres))
    lat_first = (is_height and abs(first) <= 90) or abs(second) > 90
    lon, lat = (second, first) if lat_first else (first, second)
    if is_height:
        return _point(lon, lat), None, float(third)
    return _point(lon, lat), int(third) if third else None, None


def _point(lon: float, lat: float) -> GeoPoint:
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError(f"({lon}, {lat}) is no place on the earth")
    return GeoPoint(lon=lon, lat=lat)


def _number(text: str) -> float:
    above, slash, below = text.partition("/")
    if not slash:
        return float(above)
    if float(below) == 0:
        raise ValueError(f"{text} divides by zero")
    return float(above) / float(below)


def _when(body: str) -> datetime | None:
    match = _WHEN.search(body)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(match[n]) for n in range(1, 7))
    micros = int(match[7] or 0) * 1000 + int(match[8] or 0)
    try:
        return datetime(year, month, day, hour, minute, second, micros, UTC)
    except ValueError:
        raise ValueError(f"{match[0]!r} is no time") from None


def _ns(local: datetime) -> int:
    return int(local.replace(microsecond=0).timestamp()) * NS_PER_S + local.microsecond * 1000


def _with_offsets(cues: list[Cue]) -> list[Cue]:
    """Cues of the style without time codes are placed by their time of day."""
    origin = next((cue.local for cue in cues if cue.local is not None), None)
    if origin is None or any(cue.offset_ns is not None for cue in cues):
        return cues
    zero_ns = _ns(origin)
    return [replace(c, offset_ns=_ns(c.local) - zero_ns if c.local else None) for c in cues]


def _in_order(cues: list[Cue]) -> Iterator[Cue]:
    """Without those that jump back: a film has one time line."""
    reached_ns = 0
    for cue in cues:
        if cue.offset_ns is None or cue.offset_ns >= reached_ns:
            reached_ns = cue.offset_ns if cue.offset_ns is not None else reached_ns
            yield cue
