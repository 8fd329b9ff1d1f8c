"""Signatures of webhooks, checked as a receiver checks them."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.notify.signing import REPLAY_S, keys_of, sign, verify
from core.clock import NS_PER_S, ManualClock
from core.store.database import Store
from tests.alerts.notify.notify_world import KEY, NotifyWorld, hook, notify_site
from tests.alerts.notify.peers import web

NEW = "whsec_" + base64.b64encode(b"n" * 32).decode()


@given(st.binary(max_size=200), st.integers(0, 2**40))
def test_what_was_signed_fits_and_anything_else_does_not(body: bytes, second: int) -> None:
    keys = keys_of(KEY)
    signature = sign(keys, "msg_1", second, body)
    assert verify(keys, "msg_1", second, body, signature, second)
    assert not verify(keys, "msg_1", second, body + b" ", signature, second)
    assert not verify(keys, "msg_2", second, body, signature, second)
    assert not verify(keys, "msg_1", second + 1, body, signature, second)
    assert not verify(keys_of(NEW), "msg_1", second, body, signature, second)
    assert not verify(keys, "msg_1", second, body, signature, second + REPLAY_S + 1)


def test_while_keys_change_old_and_new_receivers_both_take_it() -> None:
    signature = sign(keys_of(f"{NEW} {KEY}"), "msg_1", 5, b"{}")
    for receiver in (NEW, KEY):
        assert verify(keys_of(receiver), "msg_1", 5, b"{}", signature, 5)


@pytest.mark.parametrize("wrong", ["", "whsec_", "whsec_?", "whsec_c2hvcnQ=", f"{KEY} {KEY} {KEY}"])
def test_what_is_no_secret_is_refused_without_repeating_it(wrong: str) -> None:
    with pytest.raises(ValueError, match="key") as error:
        keys_of(wrong)
    assert all(
        part.removeprefix("whsec_") not in str(error.value)
        for part in wrong.split()[:1]
        if len(part) > 10
    )


def test_a_receiver_can_check_what_it_was_sent(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_HOOK", f"{NEW} {KEY}")
    with web() as peer:
        world = NotifyWorld(notify_site([hook(peer.url)]), store, clock)
        world.happen("camera.state", "river", to="offline")
        assert world.drain() == 1
        (taken,) = peer.taken
        second = int(taken.headers["webhook-timestamp"])
        assert second == clock.utc_ns() // NS_PER_S
        name, signature = taken.headers["webhook-id"], taken.headers["webhook-signature"]
        assert verify(keys_of(KEY), name, second, taken.body, signature, second)
        content = json.loads(taken.body)
        assert (content["schema"], content["type"]) == ("wardwatch.notice/1", "camera.offline")
        assert content["data"]["camera"] == "river"
        assert content["data"]["at"] == content["timestamp"]
