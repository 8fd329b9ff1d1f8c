"""The checks of ``wardwatch doctor``: each looks at one thing and says what to do about it."""

import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import redis

from broadcast.tls import Trust
from core.clock import NS_PER_S, SystemClock, local_day
from core.config.cameras import Camera
from core.config.load import load
from core.config.people import Travel
from core.config.site import Inbox, Site
from core.errors import WardwatchError
from core.lawbook import finding, on, versions
from core.store.database import open_store
from core.wordbook import differing, in_effect, newest
from core.wordbook import versions as texts_of
from models.store import Store as ModelStore
from recorder.casefile.typeset import font_of_documents
from wardwatch.paths import Paths
from wardwatch.processes.hub import WEB_ROOT
from wardwatch.remote import remote_of
from wardwatch.roads import roads_of
from wardwatch.sources.opening import Sources, sources_of
from wardwatch.sources.pushed import bind_once
from wardwatch.vaults import open_vault, sealer_of

State = Literal["ok", "warn", "bad"]

_LOW_BYTES = 20 * 10**9
_LOOK_S = 8.0


@dataclass(frozen=True)
class Check:
    """What was looked at and what was found."""

    what: str
    state: State
    detail: str


def examine(config: Path | None) -> Iterator[Check]:
    """All checks, one after another; without a configuration only the machine's own."""
    yield _web()
    yield _model("auto")
    if config is None:
        return
    try:
        site = load(config)
    except WardwatchError as error:
        for line in str(error).splitlines():
            yield Check("configuration", "bad", line)
        return
    yield Check(
        "configuration",
        "ok",
        f"{site.name.zh}: {len(site.cameras)} cameras, {len(site.officers)} officers",
    )
    if site.analysis.model != "auto":
        yield _model(site.analysis.model)
    paths = Paths(site.data_dir)
    yield _catalogue(site, paths)
    yield from _authorities(site)
    yield _words(site, paths)
    yield _roads(site, paths)
    yield _disk(site)
    yield _documents()
    if site.inbox is not None:
        yield _inbox(site.inbox)
    yield _bus(site)
    if _stored(site, paths):
        yield _audit(site, paths)
    yield from _vault(site, paths)
    if site.vault.url is not None:
        yield from _elsewhere(site)
    with ThreadPoolExecutor(8) as pool:
        yield from pool.map(partial(_camera, sources_of(site, SystemClock())), site.cameras)


def _web() -> Check:
    if (WEB_ROOT / "index.html").is_file():
        return Check("web pages", "ok", "built")
    return Check("web pages", "bad", "not built; run `make web`")


def _model(name: str) -> Check:
    try:
        card = ModelStore().default() if name == "auto" else ModelStore().ensure(name)
    except WardwatchError as error:
        return Check("model", "bad", str(error))
    return Check("model", "ok", card.label)


def _stored(site: Site, paths: Paths) -> bool:
    """Whether there is a database to look into."""
    return site.database.url is not None or (paths.data / "wardwatch.db").exists()


def _catalogue(site: Site, paths: Paths) -> Check:
    """What a legal officer confirmed is in the database; before its first start nothing is."""
    waiting = rows = len(site.catalogue.rows)
    if _stored(site, paths):
        try:
            store = open_store(paths.database_url(site))
            with store.read() as unit:
                now = on(
                    versions(unit, site.catalogue),
                    local_day(SystemClock().utc_ns(), site.zone_info),
                )
                found = [finding(unit, one.id) for one in now]
            store.close()
        except WardwatchError as error:
            return Check("catalogue", "bad", str(error))
        rows = len(found)
        waiting = sum(one is None or not one.confirmed for one in found)
    if waiting:
        said = f"{waiting} of {rows} rows await a legal officer's confirmation"
        return Check("catalogue", "warn", said)
    return Check("catalogue", "ok", f"{rows} rows, all confirmed")


def _authorities(site: Site) -> Iterator[Check]:
    """Files that loudspeakers' certificates are held against: read now, not when somebody is to be
    warned."""
    for camera in site.cameras:
        if camera.speaker is None or camera.speaker.ca_file is None:
            continue
        what, file = f"loudspeaker {camera.id}", (site.directory or Path()) / camera.speaker.ca_file
        try:
            Trust(file).context()
        except WardwatchError as error:
            yield Check(what, "bad", str(error))
        else:
            yield Check(what, "ok", f"its certificate must lead to {file.name}")


def _words(site: Site, paths: Paths) -> Check:
    """Warning texts that nobody entitled to it has approved, or that differ from the file."""
    texts, changed = site.warning_texts, ""
    if _stored(site, paths):
        try:
            store = open_store(paths.database_url(site), SystemClock())
        except WardwatchError as error:
            return Check("warning texts", "bad", str(error))
        with store.read() as unit:
            said = {one.version.text for one in in_effect(unit, texts, True)}
            known = list(newest(texts_of(unit, texts)).values())
            changed = ", ".join(last.id for _, last in differing(unit, texts))
        store.close()
        waiting = sum(one.text not in said and not one.content.retired for one in known)
    else:
        waiting = sum(not one.approved_by.strip() for one in texts.texts)
    said_so = "not said until then" if site.warnings.only_approved else "said all the same"
    found = [f"{waiting} await approval, {said_so}"] if waiting else []
    if changed:
        found.append(
            f"warnings.yaml differs from what counts ({changed}); take it over with "
            "`wardwatch words import`, or bring it up to date with `words export`"
        )
    state: State = "warn" if found else "ok"
    return Check("warning texts", state, "; ".join(found) or "all approved")


def _roads(site: Site, paths: Paths) -> Check:
    try:
        roads = roads_of(site, paths)
    except WardwatchError as error:
        return Check("roads", "bad", str(error))
    if roads is None:
        said = f"no road map: the straight line times {site.dispatch.detour:g}"
        return Check("roads", "warn" if site.officers else "ok", said)
    places = {one.id: one.place for one in site.officers}
    places |= {one.id: one.place for one in site.cameras if one.place is not None}
    off = [name for name, place in places.items() if roads.spot(place, Travel.FOOT) is None]
    if off:
        away = f"farther than {site.dispatch.snap_m:g} m from any road"
        return Check("roads", "warn", f"{', '.join(off)}: {away}; the straight line counts there")
    return Check("roads", "ok", f"{roads.segments} segments in {site.dispatch.roads}")


def _disk(site: Site) -> Check:
    place = site.data_dir.resolve()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    said = f"{free / 1e9:.0f} GB free for {site.data_dir}"
    return Check("disk", "ok" if free > _LOW_BYTES else "warn", said)


def _documents() -> Check:
    try:
        family, folder = font_of_documents()
    except WardwatchError as error:
        return Check("case files", "bad", str(error))
    return Check("case files", "ok", f"documents are set in {family} of {folder}")


def _inbox(inbox: Inbox) -> Check:
    try:
        count = sum(1 for _ in inbox.folder.iterdir())
    except OSError as error:
        why = f"{inbox.folder}: {error.strerror}; make it, readable for this user"
        return Check("inbox", "bad", why)
    return Check("inbox", "ok", f"{inbox.folder}: {count} entries")


def _bus(site: Site) -> Check:
    if site.redis.url is None:
        return Check("bus", "ok", "the embedded Valkey")
    try:
        redis.Redis.from_url(site.redis.url, socket_connect_timeout=3).ping()
    except redis.RedisError as error:
        return Check("bus", "bad", f"redis.url: {error}")
    return Check("bus", "ok", "the server of redis.url answers")


def _audit(site: Site, paths: Paths) -> Check:
    try:
        store = open_store(paths.database_url(site))
        with store.read() as unit:
            count, head = unit.audit.verify()
        store.close()
    except WardwatchError as error:
        return Check("audit log", "bad", str(error))
    return Check("audit log", "ok", f"{count} entries, unbroken, head {head[:16]}…")


def _vault(site: Site, paths: Paths) -> Iterator[Check]:
    clock = SystemClock()
    try:
        vault = open_vault(site, paths, clock)
        entries = sealer_of(site, paths, clock).log.verify()
        reports = [vault.verify(one) for one in vault.incidents()]
    except WardwatchError as error:
        yield Check("evidence", "bad", str(error))
        return
    for report in reports:
        if not report.authentic:
            said = "; ".join(one.words(1) for one in report.findings if one.weight != "note")
            state: State = "warn" if report.verdict == "not_signed" else "bad"
            yield Check("evidence", state, f"{report.incident}: {said}")
    good = sum(report.authentic for report in reports)
    if good:
        yield Check("evidence", "ok", f"{good} incidents as sealed, {entries} entries in the log")


def _elsewhere(site: Site) -> Iterator[Check]:
    """Try the storage of ``vault.url`` out with an object made for it."""
    what, lock = "evidence elsewhere", site.vault.lock
    try:
        remote = remote_of(site)
        found = {one.what: one for one in remote.examine()}
        remote.close()
    except WardwatchError as error:
        yield Check(what, "bad", str(error))
        return
    good = [one for one in ("write", "read", "list") if found[one].good]
    for one in ("write", "read", "list"):
        if one not in good:
            yield Check(what, "bad", f"{one}: {found[one].detail}")
    for one, worth in (
        ("write once", True),
        ("checksum", False),
        ("object lock", lock is not None),
    ):
        state: State = "ok" if found[one].good or not worth else "warn"
        if one == "object lock" and lock is not None and not found[one].good:
            state = "bad"
        yield Check(what, state, f"{one}: {found[one].detail}")
    if (site.vault.endpoint or "").startswith("http:"):
        yield Check(what, "warn", "vault.endpoint: http: whoever is on the way can read evidence")
    deleting = found["delete"]
    yield Check(what, "warn" if deleting.good and lock is None else "ok", deleting.detail)
    if len(good) == 3:
        yield Check(what, "ok", f"{remote.name} stores, gives back and lists")


def _camera(sources: Sources, camera: Camera) -> Check:
    """Connect to the main stream and wait for its first picture."""
    what = f"camera {camera.id}"
    if not camera.enabled:
        return Check(what, "ok", "switched off by the configuration")
    if camera.streams.pushed:
        return _listening(what, sources, camera)
    clock, stop = sources.clock, threading.Event()
    began_ns = clock.monotonic_ns()
    try:
        source = sources.open(camera, camera.streams.main, process="recorder")
        for event in source.packets(stop):
            if event.event == "lost":
                return Check(what, "bad", f"{event.reason}: {event.detail}".rstrip(": "))
            waited_s = (clock.monotonic_ns() - began_ns) / NS_PER_S
            if event.event == "packet" and event.kind == "video":
                speaker = "" if camera.speaker else ", no loudspeaker"
                return Check(what, "ok", f"first picture after {waited_s:.1f} s{speaker}")
            if waited_s > _LOOK_S:
                break
    except WardwatchError as error:
        return Check(what, "bad", str(error))
    finally:
        stop.set()
    return Check(what, "bad", f"connected, but no picture within {_LOOK_S:.0f} s")


def _listening(what: str, sources: Sources, camera: Camera) -> Check:
    """A device that sends by itself: the address can be followed and its port is free."""
    try:
        sources.open(camera, camera.streams.main, process="recorder")
        bind_once(camera)
    except WardwatchError as error:
        return Check(what, "bad", str(error))
    except OSError as error:
        why = f"{error.strerror}; fine if Wardwatch runs, else another program listens there"
        return Check(what, "warn", why)
    return Check(what, "ok", "its port is free to listen at")
