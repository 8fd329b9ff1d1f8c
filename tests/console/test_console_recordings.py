"""Looking back through the API: real recordings, ranges, rights, and the register of looks."""

import io
import re
import threading
from itertools import pairwise
from pathlib import Path

import av
import pytest

from console.context import VIEW_AGAIN_S
from core.clock import NS_PER_S, ManualClock, iso
from core.playback import Timeline
from ingest.file import FileSource
from recorder.activity import ActivityLog
from recorder.camera import CameraRecorder
from recorder.playback.library import Library
from recorder.playback.patient import PatientLibrary
from tests.console.conftest import Desk
from tests.recorder.conftest import make_mp4

CAMERA = "river"


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds, a pause of a minute, ten seconds; before the clock of the desk."""
    home = tmp_path_factory.mktemp("recordings")
    film = make_mp4(home / "film.mp4")
    clock = ManualClock(ManualClock().utc_ns() - 600 * NS_PER_S)
    for _ in range(2):
        source = FileSource(CAMERA, film, clock)
        CameraRecorder(home / "rec", source, clock, segment_s=3, sync=False).run(threading.Event())
        clock.advance(60)
    return home / "rec"


@pytest.fixture
def looking(desk: Desk, recordings: Path) -> Desk:
    desk.services.playback = Library(recordings, desk.clock)
    return desk


def around(desk: Desk, first_s: float, last_s: float) -> dict[str, str]:
    """A range in seconds from the start of the recording."""
    start_ns = desk.clock.utc_ns() - 600 * NS_PER_S
    return {
        "from": iso(start_ns + round(first_s * NS_PER_S)),
        "to": iso(start_ns + round(last_s * NS_PER_S)),
    }


def times(data: bytes) -> list[float]:
    with av.open(io.BytesIO(data)) as container:
        return [float(p.dts * p.time_base) for p in container.demux(video=0) if p.dts is not None]


def test_time_line_has_recordings_holes_and_incidents(looking: Desk) -> None:
    client = looking.sign_in("viewer")
    with looking.services.store.read() as unit:
        incident = unit.incidents.find(limit=1)[0]
    query = around(looking, -3600, 3600)
    told = client.get(f"/api/v1/recordings/{CAMERA}/timeline", params=query).json()
    assert len(told["recorded"]) == 2
    assert [hole["reason"] for hole in told["holes"]] == ["not_on_disk", "ended", "ended"]
    its = client.get(f"/api/v1/recordings/{incident.camera}/timeline", params=query).json()
    assert incident.id in [mark["incident"] for mark in its["marks"]]


def test_playlist_plays_and_is_written_down(looking: Desk) -> None:
    client = looking.sign_in("viewer")
    base = f"/api/v1/recordings/{CAMERA}/"
    query = around(looking, 0, 90)
    answer = client.get(f"{base}playlist.m3u8", params={**query, "epoch": query["from"]})
    assert answer.headers["content-type"] == "application/vnd.apple.mpegurl"
    addresses = re.findall(r'^(?:#EXT-X-MAP:URI="(.+)"|(media/.+))$', answer.text, re.MULTILINE)
    data = b""
    for header, media in addresses:
        part = client.get(base + (header or media))
        assert part.status_code == 200, part.text
        assert "immutable" in part.headers["cache-control"]
        data += part.content
    shown = times(data)
    assert len(shown) == 200
    assert max(b - a for a, b in pairwise(shown)) > 59
    (entry,) = looking.audit("recording.view")
    assert (entry.actor, entry.object) == ("viewer", CAMERA)


def test_film_is_an_export_that_can_go_on(looking: Desk) -> None:
    address = f"/api/v1/recordings/{CAMERA}/film"
    query = {**around(looking, 2.5, 6.5), "reason": "调查取证"}
    assert looking.sign_in("viewer").get(address, params=query).status_code == 403
    client = looking.sign_in("monitor")
    without = client.get(address, params=around(looking, 2.5, 6.5))
    assert without.status_code == 422
    assert "reason" in without.json()["detail"]
    assert looking.audit("recording.export") == []
    whole = client.get(address, params=query)
    assert len(times(whole.content)) == 50
    assert int(whole.headers["content-length"]) == len(whole.content)
    assert whole.headers["wardwatch-first"] == around(looking, 2, 7)["from"]
    assert whole.headers["wardwatch-last"] == around(looking, 2, 7)["to"]
    (entry,) = looking.audit("recording.export")
    assert entry.reason == "调查取证"
    size = len(whole.content)
    for wanted, part in (
        ("bytes=1000-", whole.content[1000:]),
        ("bytes=10-19", whole.content[10:20]),
        ("bytes=-7", whole.content[-7:]),
        (f"bytes=5-{size + 10}", whole.content[5:]),
    ):
        rest = client.get(address, params=query, headers={"range": wanted})
        assert rest.status_code == 206
        assert rest.content == part
        assert rest.headers["etag"] == whole.headers["etag"]
    assert len(looking.audit("recording.export")) == 1, "going on is the same export"
    for wrong in (f"bytes={size}-", "bytes=9-3", "bytes=-", "lines=1-2"):
        refused = client.get(address, params=query, headers={"range": wrong})
        assert refused.status_code == 416
        assert refused.headers["content-range"] == f"bytes */{size}"


def test_thumbnail(looking: Desk) -> None:
    client = looking.sign_in("viewer")
    at = {"at": around(looking, 4.5, 5)["from"], "width": 64}
    answer = client.get(f"/api/v1/recordings/{CAMERA}/thumbnail", params=at)
    assert answer.content.startswith(b"\xff\xd8")
    assert answer.headers["wardwatch-at"] == around(looking, 4, 5)["from"]


@pytest.mark.parametrize(
    ("path", "query", "status", "word"),
    [
        ("timeline", {"from": "yesterday", "to": "2026-09-21T00:00:00Z"}, 422, "`from`"),
        ("timeline", {"from": "2026-09-21T00:00:00Z", "to": "2026-09-21T00:00:00Z"}, 422, "empty"),
        ("thumbnail", {"at": "2020-09-21T00:00:00Z"}, 404, "nothing recorded"),
        ("header/12.mp4", {}, 404, "no segment starts"),
        ("media/12/0-9.m4s", {"epoch": "0"}, 404, "no segment starts"),
    ],
)
def test_wrong_questions(
    looking: Desk, path: str, query: dict[str, str], status: int, word: str
) -> None:
    client = looking.sign_in("viewer")
    answer = client.get(f"/api/v1/recordings/{CAMERA}/{path}", params=query)
    assert answer.status_code == status
    assert word in answer.text
    escape = client.get(f"/api/v1/recordings/..%2f..%2fetc/{path}", params=query)
    assert escape.status_code in (404, 422)


def test_each_piece_of_a_film_belongs_to_an_export(looking: Desk) -> None:
    address = f"/api/v1/recordings/{CAMERA}/film"
    query = {**around(looking, 2.5, 6.5), "reason": "调查取证"}
    client = looking.sign_in("monitor")
    for wanted in ("bytes=1-", "bytes=1000-1999", "bytes=-7", "bytes=0-"):
        assert client.get(address, params=query, headers={"range": wanted}).status_code == 206
    (entry,) = looking.audit("recording.export")
    assert (entry.actor, entry.object, entry.reason) == ("monitor", CAMERA, "调查取证")
    assert entry.detail["from"] == around(looking, 2, 7)["from"]
    client.head(address, params=query)
    client.get(address, params=query, headers={"range": "bytes=9-3"})
    assert len(looking.audit("recording.export")) == 1
    again = looking.sign_in("monitor")  # another session of the same person
    again.get(address, params=query, headers={"range": "bytes=1-"})
    assert len(looking.audit("recording.export")) == 1
    for change in ({"reason": "移送"}, around(looking, 2.5, 4.5)):
        client.get(address, params={**query, **change}, headers={"range": "bytes=1-"})
    looking.sign_in("chief").get(address, params=query, headers={"range": "bytes=1-"})
    assert len(looking.audit("recording.export")) == 4
    looking.clock.advance(VIEW_AGAIN_S)
    client.get(address, params=query, headers={"range": "bytes=1-"})
    assert len(looking.audit("recording.export")) == 5


def test_an_address_that_was_kept_is_a_new_look(looking: Desk) -> None:
    client = looking.sign_in("viewer")
    base = f"/api/v1/recordings/{CAMERA}/"
    query, frame = around(looking, 0, 90), around(looking, 4, 4.5)
    text = client.get(f"{base}playlist.m3u8", params={**query, "epoch": query["from"]}).text
    media = re.findall(r"^media/.+$", text, re.MULTILINE)
    for _ in range(4):  # watching for a quarter of an hour is one look
        looking.clock.advance(VIEW_AGAIN_S - 60)
        client.get(base + media[0])
    assert len(looking.audit("recording.view")) == 1
    looking.clock.advance(VIEW_AGAIN_S)
    client.get(base + media[-1])
    assert len(looking.audit("recording.view")) == 2
    looking.sign_in("chief").get(base + media[0])
    looking.sign_in("monitor").get(f"{base}thumbnail", params={"at": frame["to"]})
    told = looking.audit("recording.view")
    assert [one.actor for one in told] == ["viewer", "viewer", "chief", "monitor"]
    assert told[-1].detail["at"] == frame["from"]


def test_activity_at_the_resolution_asked_for(looking: Desk, recordings: Path) -> None:
    log = ActivityLog(recordings, looking.clock)
    start_ns = looking.clock.utc_ns() - 600 * NS_PER_S
    for second in range(20):
        moving = 0.25 if 8 <= second < 14 else 0.0
        log.note(CAMERA, start_ns + second * NS_PER_S, moving, people=int(moving > 0))
    log.write(all_of_it=True)
    client = looking.sign_in("viewer")
    base = f"/api/v1/recordings/{CAMERA}/activity"
    told = client.get(base, params={**around(looking, 0, 24), "parts": 6}).json()
    assert told["first"] == around(looking, 0, 1)["from"]
    assert told["part_s"] == 4
    assert told["moving"] == [0, 0, 128, 128, 0, None]
    assert told["people"] == [0, 0, 1, 1, 0, 0]
    at = {"at": around(looking, 2, 3)["from"]}
    assert client.get(f"{base}/next", params=at).json() == {"at": around(looking, 8, 9)["from"]}
    assert client.get(f"{base}/next", params={**at, "back": True}).json() == {"at": None}
    for wrong in ({"parts": 0}, {"parts": 5000}, {"to": "2026-09-21T00:00:00"}):
        query = {**around(looking, 0, 24), **wrong}
        assert client.get(base, params=query).status_code == 422
    assert looking.audit("recording.view") == [], "no picture was seen"


def test_a_hanging_disk_is_said_and_named(desk: Desk, recordings: Path) -> None:
    back = threading.Event()

    class Hanging(Library):
        def timeline(self, camera: str, first_ns: int, last_ns: int) -> Timeline:
            if camera == "lane":
                back.wait(60)
            return super().timeline(camera, first_ns, last_ns)

    library = PatientLibrary(Hanging(recordings, desk.clock), recordings, 0.2)
    desk.services.playback = library
    client = desk.sign_in("viewer")
    query = around(desk, 0, 5)
    try:
        answer = client.get("/api/v1/recordings/lane/timeline", params=query)
        assert (answer.status_code, answer.json()["type"][-5:]) == (503, ":disk")
        assert "camera lane" in answer.json()["detail"]
        library.patience.limit_s = 60
        other = client.get(f"/api/v1/recordings/{CAMERA}/timeline", params=query)
        assert other.status_code == 200
    finally:
        back.set()


def test_without_recordings_it_says_so(desk: Desk) -> None:
    answer = desk.sign_in("viewer").get(
        f"/api/v1/recordings/{CAMERA}/timeline", params=around(desk, 0, 5)
    )
    assert (answer.status_code, answer.json()["type"]) == (
        503,
        "urn:wardwatch:problem:no-recordings",
    )
