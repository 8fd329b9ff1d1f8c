"""Pages, headers, probes, the description of the API."""

import pytest

from tests.console.conftest import Desk


@pytest.mark.parametrize("path", ["/", "/incidents/inc-river-1", "/map", "/sign-in"])
def test_every_address_of_the_app_is_the_page(desk: Desk, path: str) -> None:
    answer = desk.new_client().get(path)
    assert answer.status_code == 200
    assert "<title>望守" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


def test_hashed_assets_are_kept_for_ever(desk: Desk) -> None:
    answer = desk.new_client().get("/assets/app-1a2b.js")
    assert "immutable" in answer.headers["cache-control"]
    assert "javascript" in answer.headers["content-type"]


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "//etc/passwd.txt",
     "/assets/none.js", "/%00.txt", "/..%5csecret.txt"],
)  # fmt: skip
def test_nothing_outside_the_pages_is_served(desk: Desk, path: str) -> None:
    answer = desk.new_client().get(path)
    assert answer.status_code == 404
    assert "not a page" not in answer.text


def test_unknown_addresses_under_api_are_problems_not_pages(desk: Desk) -> None:
    answer = desk.sign_in("viewer").get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    wrong_method = desk.new_client().put("/api/v1/session")
    assert wrong_method.status_code == 405
    assert wrong_method.json()["status"] == 405


def test_headers_forbid_foreign_content_and_frames(desk: Desk) -> None:
    for path in ("/", "/api/v1/site", "/assets/app-1a2b.js"):
        headers = desk.new_client().get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
    assert desk.new_client().get("/api/v1/site").headers["cache-control"] == "no-store"


def test_a_strange_host_does_not_get_into_the_policy(desk: Desk) -> None:
    headers = {"host": "x; script-src *"}
    answer = desk.new_client().get("/", headers=headers)
    assert "script-src *" not in answer.headers["content-security-policy"]


def test_pages_that_are_not_built_say_how_to_build_them(desk: Desk) -> None:
    (desk.services.web_root / "index.html").unlink()
    answer = desk.new_client().get("/")
    assert answer.status_code == 503
    assert "make web" in answer.text


def test_probes(desk: Desk) -> None:
    client = desk.new_client()
    assert client.get("/healthz").json() == {"status": "ok"}
    assert "wardwatch_http_requests_total" in client.get("/metrics").text


def test_health_tells_what_is_wrong_with_the_picture(desk: Desk) -> None:
    answer = desk.sign_in("viewer").get("/api/v1/health").json()
    views = {(one["camera"], one["process"]): one for one in answer}
    street = views["street", "analyst"]
    assert (street["picture"], street["reason"]) == ("covered", "picture covered")
    assert street["picture_since"].endswith("Z")
    river = views["river", "recorder"]
    assert river["clock_offset_s"] == -119.9
    assert river["picture"] is None


def test_a_broken_map_file_is_named(desk: Desk) -> None:
    client = desk.sign_in("viewer")
    ground = client.get("/api/v1/site/map")
    assert ground.headers["content-type"] == "application/geo+json"
    assert {one["properties"]["class"] for one in ground.json()["features"]} == {
        "water", "road", "building", "green", "field"}  # fmt: skip
    map_path = desk.services.site.map
    assert map_path is not None
    map_path.write_text("{broken")
    answer = client.get("/api/v1/site/map")
    assert answer.status_code == 500
    assert "map.geojson" in answer.json()["detail"]


def test_the_api_describes_itself(desk: Desk) -> None:
    paths = desk.new_client().get("/api/v1/openapi.json").json()["paths"]
    assert "/api/v1/incidents/{incident_id}/actions" in paths
    assert "/api/v1/events" in paths
