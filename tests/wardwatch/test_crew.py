"""What leads from one set of cameras to another, and nothing besides."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.cameras import Camera
from core.config.site import Site
from core.credentials import Credential, credentials_of
from core.errors import ConfigError
from wardwatch.following.crew import Crew, compare, connection_key

cameras = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 2))


@given(present=cameras, wanted=cameras)
def test_the_steps_lead_there_and_touch_nothing_else(
    present: dict[str, int], wanted: dict[str, int]
) -> None:
    steps = compare(present, wanted)
    touched = (*steps.removed, *steps.added, *steps.changed)
    assert len(set(touched)) == len(touched)
    assert set(steps.removed) <= set(present)
    assert not set(steps.added) & set(present)
    assert all(present[name] != wanted[name] for name in steps.changed)
    reached = {name: key for name, key in present.items() if name not in steps.removed}
    reached |= {name: wanted[name] for name in (*steps.added, *steps.changed)}
    assert reached == wanted
    assert bool(steps) == (present != wanted)


def test_a_password_alone_makes_another_connection(
    bare_site: Site, tmp_path: Path, make: Callable[..., Camera]
) -> None:
    site = bare_site.model_copy(update={"data_dir": tmp_path})
    before = connection_key(site, make(), make().streams.main)
    credentials_of(site).put("gate", Credential("ward", "pw"))
    after = connection_key(site, make(), make().streams.main)
    assert before != after
    assert "pw" not in str(after)


@pytest.mark.parametrize(
    ("changes", "reconnects"),
    [
        ({"name": {"zh": "门", "en": "other"}, "bearing_deg": 90}, False),
        ({"speaker": {"driver": "file", "url": "x"}}, False),
        ({"streams": {"main": "rtsp://10.0.0.9/main", "sub": "rtsp://10.0.0.9/2"}}, False),
        ({"streams": {"main": "rtsp://10.0.0.9/main", "transport": "udp"}}, True),
        ({"streams": {"main": "rtsp://10.0.0.8/main"}}, True),
        ({"username": "other"}, True),
        ({"password_env": "OTHER"}, True),
    ],
)
def test_only_what_a_connection_depends_on_makes_another(
    bare_site: Site, make: Callable[..., Camera], changes: dict[str, Any], reconnects: bool
) -> None:
    before, after = make(), make(**changes)
    keys = [connection_key(bare_site, one, one.streams.main) for one in (before, after)]
    assert (keys[0] != keys[1]) is reconnects


@pytest.mark.parametrize(
    ("address", "networks", "reconnects"),
    [
        ("rtsp://10.0.0.9/main", ["10.0.0.0/16", "192.168.0.0/16"], False),
        ("rtsp://[fd00::9]:554/main", ["fd00::/8"], False),
        ("rtsp://10.0.0.9/main", ["192.168.0.0/16"], True),
        ("rtsp://gate.example/main", ["10.0.0.0/16"], True),
        ("srt://0.0.0.0:9000", ["10.0.0.0/16"], True),
        ("film.mp4", ["10.0.0.0/16"], False),
    ],
)
def test_networks_that_now_forbid_an_address_end_its_connection(
    bare_site: Site,
    make: Callable[..., Camera],
    address: str,
    networks: list[str],
    reconnects: bool,
) -> None:
    camera = make(streams={"main": address})
    narrow = Site.model_validate(bare_site.model_dump() | {"networks": networks})
    keys = [connection_key(site, camera, camera.streams.main) for site in (bare_site, narrow)]
    assert (keys[0] != keys[1]) is reconnects


class Staff:
    """Workers that start unless their camera has no stream worth the name."""

    def __init__(self) -> None:
        self.did: list[tuple[str, ...]] = []
        self.crew = Crew(self._key, self._start, self._end, what="cannot be recorded")

    def _key(self, _site: Site, camera: Camera) -> object:
        if camera.username == "unreadable":
            raise ConfigError("the stored passwords cannot be read")
        return camera.streams.main

    def _start(self, _site: Site, camera: Camera) -> None:
        if camera.streams.main == "bad":
            raise ConfigError("the environment variable is not set")
        self.did.append(("start", camera.id, camera.streams.main))

    def _end(self, name: str, reason: str) -> None:
        self.did.append(("end", name, reason))

    def take(self, site: Site, *cameras: Camera) -> list[tuple[str, ...]]:
        self.did = []
        self.crew.take(site.model_copy(update={"cameras": cameras}))
        return self.did


def test_a_crew_does_what_is_new_and_no_more(bare_site: Site, make: Callable[..., Camera]) -> None:
    staff = Staff()
    river = make(id="river", streams={"main": "one"})
    gate = make(streams={"main": "one"})
    assert staff.take(bare_site, river, gate) == [
        ("start", "river", "one"),
        ("start", "gate", "one"),
    ]
    assert staff.take(bare_site, gate, river) == []
    assert staff.take(bare_site, make(enabled=False), river) == [("end", "gate", "disabled")]
    assert staff.take(bare_site, river) == []
    assert staff.take(bare_site) == [("end", "river", "removed")]


def test_who_cannot_be_changed_goes_on_as_before_and_is_tried_again(
    bare_site: Site, make: Callable[..., Camera]
) -> None:
    staff = Staff()
    new = make(id="new", streams={"main": "bad"})
    assert staff.take(bare_site, make(streams={"main": "one"}), new) == [("start", "gate", "one")]
    assert staff.take(bare_site, make(streams={"main": "bad"}), new) == []
    assert staff.take(bare_site, make(username="unreadable", streams={"main": "two"})) == []
    assert staff.take(bare_site, make(streams={"main": "two"}), new) == [("start", "gate", "two")]
    mended = make(id="new", streams={"main": "one"})
    assert staff.take(bare_site, make(streams={"main": "two"}), mended) == [("start", "new", "one")]


@pytest.fixture
def make() -> Callable[..., Camera]:
    """A camera called gate, with changes."""

    def made(**changes: Any) -> Camera:
        plan = {
            "id": "gate",
            "name": {"zh": "门", "en": "gate"},
            "streams": {"main": "rtsp://10.0.0.9/main"},
        }
        return Camera.model_validate(plan | changes)

    return made
