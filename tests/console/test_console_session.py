"""Who may come in, for how long, and what a request must carry."""

import pytest

from console.accounts import FREE_FAILURES, LONGEST_PAUSE_S, create_user
from console.app import create_app
from console.errors import ConsoleError
from console.sessions import COOKIE, CSRF_HEADER, LIFETIME_S
from core.store.users import Role
from tests.console import fake_services
from tests.console.conftest import Desk

SESSION = "/api/v1/session"
GOOD = {"name": "monitor", "password": fake_services.PASSWORD}


def test_sign_in_gives_a_cookie_scripts_cannot_read(desk: Desk) -> None:
    answer = desk.new_client().post(SESSION, json=GOOD)
    assert answer.json()["role"] == "monitor"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "password" not in answer.text
    assert desk.audit("session.opened")[0].actor == "monitor"


def test_everything_inside_needs_a_session(desk: Desk) -> None:
    client = desk.new_client()
    paths = ["/session", "/site", "/site/map", "/incidents", "/incidents/inc-river-1",
             "/evidence/ev-inc-river-1-clip/file", "/health", "/officers", "/events", "/cameras",
             "/announcements/ann-inc-river-1-1/audio"]  # fmt: skip
    for path in paths:
        answer = client.get(f"/api/v1{path}")
        assert answer.status_code == 401, path
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"].endswith(":sign-in")


@pytest.mark.parametrize("name", ["monitor", "nobody"])
def test_a_wrong_password_says_the_same_for_known_and_unknown_names(desk: Desk, name: str) -> None:
    answer = desk.new_client().post(SESSION, json={"name": name, "password": "wrong"})
    assert answer.status_code == 401
    assert answer.json()["title"] == "Name or password is wrong"
    assert desk.audit("session.refused")[0].object == name


def test_guessing_is_slowed_down_and_forgiven(desk: Desk) -> None:
    client = desk.new_client()
    wrong = {**GOOD, "password": "wrong"}
    for _ in range(FREE_FAILURES):
        assert client.post(SESSION, json=wrong).status_code == 401
    held = client.post(SESSION, json=GOOD)
    assert held.status_code == 429
    wait_s = int(held.headers["retry-after"])
    assert 0 < wait_s <= 15
    desk.clock.advance(wait_s)
    assert client.post(SESSION, json=wrong).status_code == 401
    assert int(client.post(SESSION, json=GOOD).headers["retry-after"]) > wait_s
    desk.clock.advance(LONGEST_PAUSE_S)
    assert client.post(SESSION, json=GOOD).status_code == 200
    assert client.post(SESSION, json=wrong).status_code == 401, "a success clears the count"


def test_a_session_ends_by_itself(desk: Desk) -> None:
    client = desk.sign_in("viewer")
    desk.clock.advance(LIFETIME_S - 1)
    assert client.get(SESSION).status_code == 200
    desk.clock.advance(1)
    assert client.get(SESSION).status_code == 401


def test_signing_out_makes_a_copied_cookie_worthless(desk: Desk) -> None:
    client = desk.sign_in("viewer")
    copied = client.cookies[COOKIE]
    assert client.delete(SESSION).status_code == 204
    thief = desk.new_client()
    thief.cookies.set(COOKIE, copied)
    assert thief.get(SESSION).status_code == 401


def test_a_new_password_ends_the_old_sessions(desk: Desk) -> None:
    client = desk.sign_in("chief")
    create_user(desk.services.store, "chief", "another-long-one", Role.CHIEF, desk.clock)
    assert client.get(SESSION).status_code == 401


def test_a_forged_cookie_is_no_session(desk: Desk) -> None:
    cookie = desk.sign_in("viewer").cookies[COOKIE]
    content, _, signature = cookie.rpartition(".")
    for forged in (content, f"{content}x.{signature}", f"{content}.{signature[:-2]}AA", "a.b", "ü"):
        client = desk.new_client()
        headers = [(b"cookie", f"{COOKIE}={forged}".encode())]
        assert client.get(SESSION, headers=headers).status_code == 401, forged


@pytest.mark.parametrize("token", [None, "", "0" * 64, "ü"])
def test_changes_need_the_sessions_own_token(desk: Desk, token: str | None) -> None:
    client = desk.sign_in("monitor")
    del client.headers[CSRF_HEADER]
    headers = {} if token is None else {CSRF_HEADER: token.encode()}
    path = "/api/v1/incidents/inc-market-1/actions"
    answer = client.post(path, json={"action": "confirm"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["type"].endswith(":csrf")
    assert desk.bus.sent == []


def test_the_token_of_another_session_does_not_fit(desk: Desk) -> None:
    client, other = desk.sign_in("monitor"), desk.sign_in("chief")
    client.headers[CSRF_HEADER] = other.headers[CSRF_HEADER]
    assert client.patch(SESSION, json={"language": "en"}).status_code == 403


def test_requests_from_other_sites_are_refused(desk: Desk) -> None:
    client = desk.sign_in("monitor")
    headers = {"origin": "https://evil.test"}
    assert client.patch(SESSION, json={"language": "en"}, headers=headers).status_code == 403
    assert desk.new_client().post(SESSION, json=GOOD, headers=headers).status_code == 403


def test_the_language_is_kept_with_the_account(desk: Desk) -> None:
    assert desk.sign_in("viewer").patch(SESSION, json={"language": "en"}).status_code == 200
    assert desk.sign_in("viewer").get(SESSION).json()["language"] == "en"


def test_bad_requests_never_echo_the_password(desk: Desk) -> None:
    answer = desk.new_client().post(
        SESSION, json={"name": "x" * 65, "password": "my-secret", "extra": "my-secret"}
    )
    assert answer.status_code == 422
    assert "body.name" in answer.json()["detail"]
    assert "my-secret" not in answer.text


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("", "long-enough", "1 to 64"),
        ("a", "short", "8 characters"),
        ("a\nb", "long-enough", "1 to"),
    ],
)
def test_accounts_that_cannot_be(desk: Desk, name: str, password: str, said: str) -> None:
    with pytest.raises(ConsoleError, match=said):
        create_user(desk.services.store, name, password, Role.VIEWER, desk.clock)


def test_a_short_secret_is_refused(desk: Desk) -> None:
    weak = desk.services.__class__(**{**vars(desk.services), "secret": b"short"})
    with pytest.raises(ConsoleError, match="32 or more"):
        create_app(weak)
