"""The desk of the command centre: incidents, warnings, evidence, officers and the web pages."""

import secrets
import socket
import threading
from dataclasses import replace
from pathlib import Path

import structlog
import uvicorn

from broadcast.voice import Voice
from console.app import create_app
from console.feed import Feed
from console.services import Services
from core import lawbook, wordbook
from core.clock import Clock
from core.config.site import Console, Site
from core.errors import WardwatchError
from core.store.database import Store, open_store
from recorder.playback.library import Library
from recorder.playback.patient import PatientLibrary
from recorder.remote.vault import RemoteVault
from wardwatch.cameras.office import Office
from wardwatch.casefiles import exports_of
from wardwatch.custody import Register
from wardwatch.deletions import Books
from wardwatch.field import Intake
from wardwatch.following.follow import follow
from wardwatch.live import live_of
from wardwatch.papers.office import PaperOffice
from wardwatch.parts.base import Part
from wardwatch.parts.casefiles import CaseFilesPart
from wardwatch.parts.copies import CopiesPart
from wardwatch.parts.desk import DeskPart
from wardwatch.parts.duty import DutyPart
from wardwatch.parts.evidence import EvidencePart
from wardwatch.parts.expiry import ExpiryPart
from wardwatch.parts.feed import FeedPart
from wardwatch.parts.field import FieldPart
from wardwatch.parts.inbox import InboxPart
from wardwatch.parts.onvif import OnvifPart
from wardwatch.parts.speakers import SpeakersPart
from wardwatch.parts.storage import StoragePart
from wardwatch.parts.teaching import TeachingPart
from wardwatch.parts.tips import TipsPart
from wardwatch.parts.uploads import UploadsPart
from wardwatch.processes.context import Context
from wardwatch.reach import Reach
from wardwatch.vaults import open_vault

log = structlog.get_logger()

WEB_ROOT = Path(__file__).resolve().parents[2] / "console" / "web" / "dist"

_POLL_S = 0.1
_CLOSING_S = 3


class HubError(WardwatchError):
    """The hub cannot serve."""


def run(context: Context) -> None:
    """Run all parts until told to stop.

    Raises:
        WardwatchError: the database or the console's port cannot be used.
    """
    site, paths, clock = context.site, context.paths, context.clock
    listener = _listen(site.console)
    store = open_store(paths.database_url(site), clock)
    _seed(site, store, clock)
    feed = Feed()
    exports = exports_of(site, paths, store, clock)
    desk, speakers, duty = DeskPart(context, store), SpeakersPart(context), DutyPart(context, store)
    parts: list[Part] = [
        desk,
        duty,
        speakers,
        EvidencePart(context),
        CopiesPart(context, store),
        FeedPart(context, feed),
        OnvifPart(context),
        TeachingPart(context, store),
        CaseFilesPart(context, exports),
        StoragePart(context, store),
        ExpiryPart(context, store),
    ]
    vault = open_vault(site, paths, clock)
    uploads = UploadsPart(context, vault) if isinstance(vault, RemoteVault) else None
    if uploads is not None:
        parts.append(uploads)
    if site.inbox is not None:
        parts.append(InboxPart(context, store, site.inbox))
    for part in parts:
        part.start()
    exports.resume()
    papers = PaperOffice(site, store, clock)
    bus = context.bus("console")
    services = Services(
        site=site,
        store=store,
        clock=clock,
        send=bus.publish,
        vault_root=paths.vault,
        films_root=paths.films,
        secret=_secret(paths.data / "session.key"),
        live=live_of(paths.run),
        feed=feed,
        web_root=WEB_ROOT,
        playback=PatientLibrary(Library(paths.recordings, clock), paths.recordings),
        case_files=exports,
        custody=Register(site, paths, clock),
        deletions=Books(site, paths, clock),
        remote=uploads.elsewhere if uploads is not None else None,
        duty=duty.desk,
        notifications=duty.notifier,
        talks=speakers,
        papers=papers,
        show=bus.show,
        intake=Intake(vault, bus.publish),
        field_root=paths.field,
        tips_root=paths.tips,
        voice=Voice(paths.voice),
    )
    services.cameras = _office(site, context, services)
    services.reach = Reach(lambda: services.site, desk.roads, store, clock)
    for looking in (FieldPart(context, services), TipsPart(context, services)):
        parts.append(looking)
        looking.start()
    app = create_app(services)
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=_CLOSING_S)
    )

    def use(site: Site) -> None:
        for part in parts:
            part.use(site)
        services.site, services.cameras = site, _office(site, context, services)
        exports.station = replace(exports.station, site=site)
        papers.site = site
        _seed(site, store, clock)

    following = threading.Thread(target=follow, args=(context, use), name="configuration")
    with store.read() as unit:
        users = len(unit.users.find())
    following.start()
    try:
        _serve(context, server, listener, users)
    finally:
        context.stop.set()
        following.join()
        for part in parts:
            part.join()
        exports.close()
        bus.close()
        store.close()


def _seed(site: Site, store: Store, clock: Clock) -> None:
    """What the files have and the database does not know yet."""
    with store.begin() as unit:
        lawbook.seed(unit, site.catalogue, clock.utc_ns())
        wordbook.seed(unit, site.warning_texts, clock.utc_ns())
        changed = [last.id for _, last in wordbook.differing(unit, site.warning_texts)]
    if changed:
        log.warning("words.file_differs", counts=changed, take_over="wardwatch words import")


def _office(site: Site, context: Context, services: Services) -> Office | None:
    """Who changes cameras; nobody in the demo, whose cameras are simulated."""
    if site.mode == "demo" or site.directory is None:
        return None
    return Office(site, context.clock, current=lambda: services.site)


def _serve(context: Context, server: uvicorn.Server, listener: socket.socket, users: int) -> None:
    # In a thread of its own uvicorn leaves this process's signal handling alone.
    serving = threading.Thread(target=server.run, args=([listener],), name="console")
    serving.start()
    announced = False
    while serving.is_alive() and not context.clock.wait(context.stop, _POLL_S):
        if server.started and not announced:
            host, port = listener.getsockname()[:2]
            context.ready({"url": f"http://{host}:{port}", "users": users})
            announced = True
    server.should_exit = True
    serving.join()


def _listen(console: Console) -> socket.socket:
    family = socket.AF_INET6 if ":" in console.host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((console.host, console.port))
    except OSError as error:
        listener.close()
        raise HubError(
            f"console: cannot listen on {console.host}:{console.port}: {error.strerror}"
        ) from None
    return listener


def _secret(path: Path) -> bytes:
    """The key that signs sign-ins, made once and kept, so that a restart signs nobody out."""
    if not path.exists():
        fresh = path.with_suffix(".tmp")
        fresh.touch(mode=0o600)
        fresh.write_bytes(secrets.token_bytes(32))
        fresh.replace(path)
    return path.read_bytes()
