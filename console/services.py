"""What the composition root hands to the console."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from console.feed import Feed
from core.casefiles import CaseFiles
from core.clock import Clock
from core.config.site import Site
from core.custody import Custody
from core.duty import DutyDesk
from core.fieldwork import EvidenceIntake
from core.notifications import Notifications
from core.papers import Papers
from core.playback import Playback
from core.remote import RemoteEvidence
from core.roster import CameraOffice
from core.storage import DeletionBooks
from core.store.database import Store
from core.talking import TalkOffice
from core.value import Value
from core.wording import Voice

PartKind = Literal["init", "key", "delta"]


class LivePart(Protocol):
    """A piece of a fragmented-MP4 stream (ISO/IEC 14496-12, one video track).

    ``init`` carries ``ftyp`` and ``moov``; ``key`` a fragment (``moof`` and ``mdat``) that
    starts with a random access point; ``delta`` one that does not.
    """

    @property
    def kind(self) -> PartKind: ...
    @property
    def codec(self) -> str:
        """RFC 6381 codec string such as ``avc1.64001f``; meaningful on ``init``."""

    @property
    def data(self) -> bytes: ...


Live = Callable[[str], AsyncIterator[LivePart]]
Send = Callable[[str, Value], None]
Reach = Callable[[bool], dict[str, Any]]
"""GeoJSON of what is reached in how many minutes, see ``alerts/roads/reach.py``: from the posts
(False) or from where officers are now (True). May take seconds the first time."""


@dataclass
class Services:
    """Everything the console needs from the rest of the house.

    Attributes:
        site: the township's configuration at present; replaced as a whole when cameras are
            added, changed or removed, so read it anew in every request.
        store: the database; read for pages, written for sign-ins and the audit log.
        clock: UTC and monotonic time.
        send: publishes one message to a stream of the bus; may raise when it cannot.
        vault_root: directory that ``EvidenceItem.path`` is relative to.
        films_root: directory of the imported films, ``<source>/<sha256>/<file>``.
        secret: key that signs sessions, 32 bytes or more, the same across restarts.
        live: opens the live stream of one camera. It yields an ``init`` part first and ends (or
            raises) when the camera goes away; closing the iterator must free what it holds.
        feed: where bus tails push what browsers shall hear at once.
        web_root: the built pages, ``console/web/dist``.
        cameras: finds, tries and changes cameras; None where they are fixed.
        playback: the recordings; None where they are out of reach.
        case_files: makes case files; None where none can be made.
        custody: the register of evidence and the locks on recordings; None where out of reach.
        deletions: what was deleted lately; None where out of reach.
        remote: evidence on storage elsewhere; None where all of it is on the local disk.
        duty: the duty desk; None where there is none.
        notifications: the channels that notices go out through; None where there are none.
        reach: how far officers get in time; None where nobody reckons it.
        talks: speaks to the scene with a person's own voice; None where it cannot be done.
        papers: sets papers and assessment sheets; None where none can be set.
        show: tells those who look on now; lost while the bus is away. None: the feed alone.
        intake: takes files from officers' phones into the vault; None where out of reach.
        field_root: directory of the pieces of such files.
        tips_root: directory of the photos that the public sent.
        voice: makes warning texts into sound and takes recordings in; None where it cannot.
    """

    site: Site
    store: Store
    clock: Clock
    send: Send
    vault_root: Path
    films_root: Path
    secret: bytes
    live: Live
    feed: Feed
    web_root: Path
    cameras: CameraOffice | None = None
    playback: Playback | None = None
    case_files: CaseFiles | None = None
    custody: Custody | None = None
    deletions: DeletionBooks | None = None
    remote: RemoteEvidence | None = None
    duty: DutyDesk | None = None
    notifications: Notifications | None = None
    reach: Reach | None = None
    talks: TalkOffice | None = None
    papers: Papers | None = None
    show: Send | None = None
    intake: EvidenceIntake | None = None
    field_root: Path = Path("var/field")
    tips_root: Path = Path("var/tips")
    voice: Voice | None = None
