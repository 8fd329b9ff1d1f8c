"""Apprise against a real mail server and a real web server on this machine."""

import json
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from alerts.notify.apprise import redact, written
from alerts.notify.channel import ChannelError, Message
from alerts.notify.notifications import test_notification as a_test
from core.clock import ManualClock
from core.store.database import Store
from tests.alerts.notify.notify_world import NotifyWorld, notify_site
from tests.alerts.notify.peers import deaf, free_port, web


def mail(**more: Any) -> dict[str, Any]:
    return {"id": "mail", "kind": "apprise", "secret_env": "TEST_MAIL", "timeout_s": 30, **more}


class _Post:
    """A mailbox; aiosmtpd calls its handlers by the names of SMTP's commands."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []

    async def take(self, _server: object, _session: object, envelope: Any) -> str:
        self.letters.append(envelope.content)
        return "250 OK"

    handle_DATA = take  # noqa: N815


def _guard(
    _server: object, _session: object, _envelope: object, _how: str, data: Any
) -> AuthResult:
    return AuthResult(success=data.password == b"correct-horse", handled=False)


def test_mail_arrives_and_a_wrong_password_is_one_clear_error(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, port = _Post(), free_port()
    server = Controller(
        post, "127.0.0.1", port, authenticator=_guard, auth_require_tls=False, auth_required=True
    )
    server.start()
    try:
        address = "mailto://ward:{}@127.0.0.1:{}?from=ward@town.test&to=chief@town.test"
        monkeypatch.setenv("TEST_MAIL", address.format("wrong-staple", port))
        world = NotifyWorld(notify_site([mail(language="en")]), store, clock)
        world.happen("duty.awake_missed", "awake", zh="在岗确认", en="Awake check")
        assert world.worker("mail").step() == "failed"
        (failing,) = world.audit("notify.failing")  # told at once: a person must mend it
        assert failing.reason.startswith("channel mail (mailto): ")
        assert "wrong-staple" not in failing.reason
        monkeypatch.setenv("TEST_MAIL", address.format("correct-horse", port))
        world.restart()
        assert world.drain("mail") == 1
    finally:
        server.stop()
    (letter,) = post.letters
    parsed = message_from_bytes(letter)
    assert "Duty desk" in str(make_header(decode_header(parsed["subject"])))
    parts = [one.get_payload(decode=True) for one in parsed.walk() if not one.is_multipart()]
    assert any(isinstance(one, bytes) and b"Awake check" in one for one in parts)


def test_no_connection_leaves_the_configured_networks(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web() as peer:
        monkeypatch.setenv("TEST_MAIL", f"json://localhost:{peer.port}/secret-token-1")
        inside = NotifyWorld(notify_site([mail()]), store, clock)
        inside.happen(about="one")
        assert inside.drain("mail") == 1
        assert json.loads(peer.taken[0].body)["type"] == "warning"
        outside = NotifyWorld(notify_site([mail()], networks=["10.0.0.0/8"]), store, clock)
        outside.happen(about="two")
        assert outside.worker("mail").step() == "failed"
        (waiting,) = outside.deliveries(state="waiting")
        assert "127.0.0.1 lies outside notify.networks" in waiting.error
        assert "secret-token-1" not in waiting.error
        assert peer.asked == 1


def test_a_peer_that_says_nothing_is_given_up(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with deaf() as port:
        monkeypatch.setenv("TEST_MAIL", f"json://127.0.0.1:{port}/")
        world = NotifyWorld(notify_site([mail(timeout_s=0.5)]), store, clock)
        world.happen()
        assert world.worker("mail").step() == "failed"
        (waiting,) = world.deliveries(state="waiting")
        assert waiting.error.startswith("channel mail (json): ")


@pytest.mark.parametrize("address", ["syslog://", "dbus://", "nonsense", "python://evil"])
def test_services_that_are_not_sent_by_network_are_refused(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("TEST_MAIL", address)
    world = NotifyWorld(notify_site([mail()]), store, clock)
    with pytest.raises(ChannelError, match="channel mail: its address begins with none of"):
        world.notifier.test("mail")


def test_a_summary_shows_the_serious_ones_first_and_says_how_many_there_are(
    store: Store, clock: ManualClock
) -> None:
    site = notify_site([])
    many = [a_test("x", number, site) for number in range(30)]
    many[29] = many[29].model_copy(update={"serious": True})
    title, body = written(Message("m", tuple(many), 5), site, "en")
    assert title == "town: 30 notices (1 serious)"
    lines = body.splitlines()
    assert lines[0].startswith("❗")
    assert lines[-1] == "and 10 more: see the duty desk"


def test_no_part_of_a_secret_stays_in_an_error() -> None:
    secret = "wecombot://0a1b2c3d-key/?x=longvalue"
    said = redact("POST /send?key=0a1b2c3d-key failed (longvalue)", secret)
    assert "0a1b2c3d" not in said
    assert "longvalue" not in said
