"""Films from cards: found by time and device, watched in parts, and the watching written down."""

import hashlib
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from console.services import Services
from core.clock import NS_PER_S, parse_iso
from core.films import Film, FilmFile
from tests.console.conftest import Desk

DAY_NS = parse_iso("2026-05-01T00:00:00Z")
BODY = bytes(range(256)) * 40


def put(services: Services, name: str, source: str, start_s: int, body: bytes = BODY) -> Film:
    """A film in store and folder; ten seconds long."""
    digest = hashlib.sha256(body).hexdigest()
    home = services.films_root / source / digest
    home.mkdir(parents=True, exist_ok=True)
    (home / name).write_bytes(body)
    film = Film(
        id=digest,
        source=source,
        file=name,
        start_ns=DAY_NS + start_s * NS_PER_S,
        end_ns=DAY_NS + (start_s + 10) * NS_PER_S,
        imported_ns=DAY_NS,
        clock_source="container",
        clock_confidence="medium",
        video={"codec": "h264", "width": 64, "height": 48, "fps": 10.0},
        files=(FilmFile(name=name, bytes=len(body), sha256=digest),),
    )
    with services.store.begin() as unit:
        unit.films.put(film)
    return film


def ids(client: TestClient, **query: object) -> list[str]:
    answer = client.get("/api/v1/films", params=query)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


def test_films_are_found_by_time_and_device_page_by_page(desk: Desk) -> None:
    films = [
        put(desk.services, f"{n}.mp4", f"drone-{n % 2}", 60 * (n // 2), bytes([n]) * 10)
        for n in range(6)
    ]
    client = desk.sign_in("viewer")
    everything = ids(client)
    assert sorted(everything) == sorted(film.id for film in films)
    paged, cursor = [], None
    while cursor is not None or not paged:
        query = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
        answer = client.get("/api/v1/films", params=query).json()
        paged += [one["id"] for one in answer["items"]]
        cursor = answer["next"]
    assert paged == everything
    assert set(ids(client, source="drone-1")) == {films[n].id for n in (1, 3, 5)}
    middle = {"from": "2026-05-01T00:01:05Z", "to": "2026-05-01T08:01:30+08:00"}
    assert set(ids(client, **middle)) == {films[2].id, films[3].id}
    one = client.get(f"/api/v1/films/{films[0].id}").json()
    assert (one["start"], one["end"]) == ("2026-05-01T00:00:00.000Z", "2026-05-01T00:00:10.000Z")


def test_a_film_is_watched_in_parts_and_the_look_is_written_down(desk: Desk) -> None:
    film = put(desk.services, "DJI_0001.MP4", "drone-1", 0)
    client = desk.sign_in("viewer")
    url = client.get("/api/v1/films").json()["items"][0]["url"]
    part = client.get(url, headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, BODY[100:200])
    whole = client.get(url)
    assert whole.content == BODY
    assert whole.headers["content-type"] == "video/mp4"
    looks = desk.audit("film.view")
    assert [(one.actor, one.object, one.detail["source"]) for one in looks] == [
        ("viewer", film.id, "drone-1")
    ]
    assert client.get(url, params={"download": "true"}).status_code == 403
    taken = desk.sign_in("monitor").get(url, params={"download": "true"})
    assert "attachment" in taken.headers["content-disposition"]
    assert [one.actor for one in desk.audit("film.export")] == ["monitor"]


def test_a_film_taken_out_in_parts_is_one_export(desk: Desk) -> None:
    put(desk.services, "DJI_0001.MP4", "drone-1", 0)
    client = desk.sign_in("monitor")
    url = client.get("/api/v1/films").json()["items"][0]["url"]
    taking = {"download": "true"}
    assert client.head(url, params=taking).status_code == 200
    assert client.head(url).status_code == 200
    assert desk.audit("film.view") == desk.audit("film.export") == []
    for start in (1, 100, 0):
        client.get(url, params=taking, headers={"range": f"bytes={start}-"})
    assert len(desk.audit("film.export")) == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("?from=yesterday", 422),
        ("?to=2026-05-01", 422),
        ("?cursor=1", 422),
        ("/abc", 404),
        ("/abc/content", 404),
    ],
)
def test_what_cannot_be_answered_is_said(desk: Desk, path: str, status: int) -> None:
    client = desk.sign_in("viewer")
    assert client.get(f"/api/v1/films{path}").status_code == status


def test_strangers_see_nothing_and_no_path_leads_out(desk: Desk, tmp_path: Path) -> None:
    film = put(desk.services, "a.mp4", "drone-1", 0)
    assert desk.new_client().get("/api/v1/films").status_code == 401
    assert desk.new_client().get(f"/api/v1/films/{film.id}/content").status_code == 401
    client = desk.sign_in("viewer")
    with desk.services.store.begin() as unit:
        unit.films.put(film.model_copy(update={"file": "../../../../secret.txt"}))
    assert client.get(f"/api/v1/films/{film.id}/content").status_code == 404
    with desk.services.store.begin() as unit:
        unit.films.put(film.model_copy(update={"file": "gone.mp4"}))
    assert client.get(f"/api/v1/films/{film.id}/content").status_code == 410
