"""Pictures, voice and film from phones: piece by piece, then sealed as evidence.

A file is begun, gets its pieces in order, is finished. Each step may be repeated. A file of
which nothing is heard for :data:`SILENT_S` is sealed as far as it came (``cut``): what a phone
that was broken had sent is evidence too. Should the rest come after all, the whole is sealed
beside it.
"""

import structlog

from console.context import Context
from console.errors import ProblemError, not_found
from console.field import magic
from console.field.models import FinishIn, MediaIn, MediaOut
from console.field.pieces import PieceError, Pieces, Whole
from console.field.times import happened
from console.field.watchers import Watchers, tell
from console.field.who import InField, fix_of, fix_text, own_order
from console.services import Services
from core.clock import NS_PER_S, iso
from core.errors import WardwatchError
from core.fieldwork import EvidenceIntake, FieldMedia
from core.store.unit import Unit

PIECE_BYTES = 4 << 20
MOST_BYTES = {"photo": 12 << 20, "audio": 24 << 20, "video": 1 << 30}
MOST_OPEN = 60
"""Files one officer may have begun and not finished."""
SILENT_S = 15 * 60
GIVEN_UP_S = 7 * 86_400
"""A phone that has not gone on with a file for so long will not."""
LEAST_FREE_BYTES = 1 << 30
CALL = "call-"
"""Before the id of a call for help, where files of no incident belong to it."""
_log = structlog.get_logger()


def begin(ctx: Context, here: InField, media_id: str, given: MediaIn) -> MediaOut:
    """Say what will come.

    Raises:
        ProblemError: 404 for an order of somebody else, 422 for a type that is not taken.
    """
    if given.mime not in magic.KINDS[given.kind]:
        raise ProblemError(
            422, "type", "This type is not taken", f"{given.kind}: {given.mime} does not fit."
        )
    now_ns = ctx.services.clock.utc_ns()
    at_ns, phone_ns = happened(given.at, given.sent, now_ns)
    with ctx.services.store.begin() as unit:
        known = unit.field_media.get(media_id)
        if known is not None:
            return _out(_own(known, here))
        order, incident = _about(unit, here, given)
        running = unit.field_media.find(officer=here.id, state=["open", "cut"], limit=MOST_OPEN)
        if len(running) >= MOST_OPEN:
            raise ProblemError(
                429, "too-many", "Too many files are not finished", "", {"retry-after": "60"}
            )
        media = FieldMedia(
            id=media_id,
            officer=here.id,
            user=here.user,
            order=order,
            incident=incident,
            alarm=given.alarm,
            kind=given.kind,
            mime=given.mime,
            at_ns=at_ns,
            phone_ns=phone_ns,
            begun_ns=now_ns,
            touched_ns=now_ns,
            fix=fix_of(given.fix),
            original_sha256=given.original_sha256,
            original_taken=given.original_taken,
        )
        unit.field_media.put(media)
        detail = {"media": media.id, "kind": media.kind, "order": order}
        unit.audit.append(here.user, "field.media_begun", incident, detail=detail)
    return _out(media)


def piece(ctx: Context, here: InField, media_id: str, number: int, content: bytes) -> MediaOut:
    """Take the piece of that number; one that is here already changes nothing.

    Raises:
        ProblemError: 404 unknown file; 409 an earlier piece is missing, or it is another piece;
            413 too large; 415 the file is not what it claims to be.
    """
    media = _find(ctx, here, media_id)
    if media.state == "sealed":
        return _out(media)
    if number > len(media.sizes):
        raise ProblemError(
            409, "gap", "An earlier piece is missing", f"Piece {len(media.sizes)} is wanted next."
        )
    if not content:
        raise ProblemError(422, "empty", "The piece is empty")
    if number == len(media.sizes) and media.bytes < magic.HEAD:
        head = pieces_of(ctx.services).head(media_id, number, magic.HEAD) + content[: magic.HEAD]
        _check_type(ctx, media, head, goes_on=True)
    if number == len(media.sizes) and media.bytes + len(content) > MOST_BYTES[media.kind]:
        # What has come of a film is kept: it is sealed once nothing more comes.
        detail = f"{media.kind}: {MOST_BYTES[media.kind]} bytes at most"
        raise ProblemError(413, "too-large", "The file is too large", detail)
    if pieces_of(ctx.services).free_bytes() < LEAST_FREE_BYTES:
        raise ProblemError(
            503, "disk", "The disk is nearly full", "Try again.", {"retry-after": "60"}
        )
    try:
        pieces_of(ctx.services).put(media_id, number, content)
    except PieceError as error:
        raise ProblemError(409, "other-piece", "This piece is another one", str(error)) from None
    with ctx.services.store.begin() as unit:
        media = _own(unit.field_media.get(media_id) or media, here)
        if number == len(media.sizes):
            now_ns = ctx.services.clock.utc_ns()
            sizes = (*media.sizes, len(content))
            media = media.model_copy(update={"sizes": sizes, "touched_ns": now_ns})
            unit.field_media.put(media)
    tell(ctx.services, ctx.watchers, media)
    return _out(media)


def finish(ctx: Context, here: InField, media_id: str, given: FinishIn) -> MediaOut:
    """Seal the file as evidence; again: the same answer.

    Raises:
        ProblemError: 409 pieces are missing or it is not the file that was sent; 415 it is too
            short to be of its type; 422 a picture that still carries EXIF; 503 it cannot be
            sealed at present.
    """
    media = _find(ctx, here, media_id)
    if media.state == "sealed":
        return _out(media)
    if given.pieces != len(media.sizes):
        raise ProblemError(
            409, "gap", "Pieces are missing", f"Piece {len(media.sizes)} is wanted next."
        )
    head = pieces_of(ctx.services).head(media.id, given.pieces, magic.HEAD)
    _check_type(ctx, media, head)
    whole = pieces_of(ctx.services).join(media.id, given.pieces, magic.SUFFIX[media.mime])
    if given.sha256 is not None and given.sha256 != whole.sha256:
        raise _refused(ctx, media, 409, "altered", f"it has SHA-256 {whole.sha256}")
    if media.mime == "image/jpeg" and magic.has_exif(whole.path.read_bytes()):
        raise _refused(ctx, media, 422, "exif", "the picture still carries EXIF or XMP")
    media = media.model_copy(update={"seconds": given.seconds})
    try:
        media = seal(ctx.services, media, whole, "sealed")
    except WardwatchError as error:
        _log.error("console.field_not_sealed", media=media.id, error=str(error))
        raise ProblemError(
            503, "vault", "It cannot be sealed now", "Try again.", {"retry-after": "30"}
        ) from None
    pieces_of(ctx.services).drop(media.id)
    tell(ctx.services, ctx.watchers, media)
    return _out(media)


def seal(services: Services, media: FieldMedia, whole: Whole, state: str) -> FieldMedia:
    """Into the vault, then into store and audit log; once, however often it is tried.

    Raises:
        WardwatchError: the vault is out of reach or refuses it.
    """
    item_id = f"fm-{media.id}" if state == "sealed" else f"fm-{media.id}-cut{len(media.sizes)}"
    last_ns = media.at_ns + round((media.seconds or 0.0) * NS_PER_S)
    if media.seconds is None and media.kind != "photo":
        last_ns = max(media.at_ns, media.touched_ns)
    item = _intake(services).seal(
        media.incident,
        f"field_{media.kind}",
        whole.path,
        item_id=item_id,
        source=media.officer,
        mime=media.mime,
        first_ns=media.at_ns,
        last_ns=last_ns,
        note=_note(media, state),
    )
    media = media.model_copy(update={"state": state, "sha256": item.sha256, "evidence": item.id})
    with services.store.begin() as unit:
        unit.field_media.put(media)
        if unit.first_time(f"field-sealed:{item.id}"):
            detail = {
                "media": media.id,
                "evidence": item.id,
                "sha256": item.sha256,
                "bytes": item.bytes,
                "taken": iso(media.at_ns),
                "place": fix_text(media.fix),
                "original_sha256": media.original_sha256 or "",
                "state": state,
            }
            unit.audit.append(media.user, "field.media_sealed", media.incident, detail=detail)
    return media


def seal_silent(services: Services) -> list[FieldMedia]:
    """Seal what has come of the files of phones that have fallen silent."""
    now_ns = services.clock.utc_ns()
    with services.store.read() as unit:
        waiting = unit.field_media.find(state="open")
    done = []
    for media in waiting:
        if now_ns - media.touched_ns < SILENT_S * NS_PER_S or not media.sizes:
            continue
        if media.kind == "photo":
            continue  # half a picture shows nothing; the phone keeps it and sends it again
        pieces = pieces_of(services)
        try:
            whole = pieces.join(media.id, len(media.sizes), magic.SUFFIX[media.mime])
            done.append(seal(services, media, whole, "cut"))
            tell(services, Watchers(), done[-1])
        except (WardwatchError, OSError) as error:
            _log.error("console.field_not_sealed", media=media.id, error=str(error))
    return done


def forget_given_up(services: Services) -> list[FieldMedia]:
    """Make room: forget files that nobody goes on with. What was sealed of them stays."""
    now_ns = services.clock.utc_ns()
    with services.store.begin() as unit:
        gone = [
            media
            for media in unit.field_media.find(state=["open", "cut"])
            if now_ns - media.touched_ns >= GIVEN_UP_S * NS_PER_S
        ]
        for media in gone:
            unit.field_media.remove(media.id)
            detail = {"media": media.id, "kind": media.kind, "bytes": media.bytes}
            unit.audit.append("system", "field.media_given_up", media.incident, detail=detail)
    for media in gone:
        pieces_of(services).drop(media.id)
    return gone


def _about(unit: Unit, here: InField, given: MediaIn) -> tuple[str, str]:
    """The order and the incident a file belongs to; a call for help may stand for both."""
    if given.alarm is not None:
        alarm = unit.field_alarms.get(given.alarm)
        if alarm is None:
            # The film may overtake the call, which is on its way: the phone tries again.
            raise ProblemError(425, "no-alarm", "The call for help is not here yet", "Try again.")
        if alarm.officer != here.id:
            raise not_found("alarm", given.alarm)
    if given.order:
        order = own_order(unit, here, given.order)
        return order.id, order.incident
    if given.alarm is None:
        raise ProblemError(422, "order", "An order or a call for help is needed")
    return "", f"{CALL}{given.alarm}"


def pieces_of(services: Services) -> Pieces:
    """Where pieces lie."""
    return Pieces(services.field_root)


def _intake(services: Services) -> EvidenceIntake:
    if services.intake is None:
        raise ProblemError(503, "vault", "The vault is out of reach")
    return services.intake


def _note(media: FieldMedia, state: str) -> str:
    facts = [
        f"officer {media.officer}, account {media.user}",
        f"order {media.order}" if media.order else f"call for help {media.alarm}",
        f"taken {iso(media.at_ns)} (phone's clock {iso(media.phone_ns)})",
        f"place {fix_text(media.fix)}",
    ]
    if media.original_sha256:
        facts.append(f"made smaller from an original with SHA-256 {media.original_sha256}")
    if media.original_taken:
        facts.append(f"the camera's own time {media.original_taken}")
    if state == "cut":
        facts.append("the phone fell silent: this is as far as it came")
    return "; ".join(facts)


def _find(ctx: Context, here: InField, media_id: str) -> FieldMedia:
    with ctx.services.store.read() as unit:
        media = unit.field_media.get(media_id)
    if media is None:
        raise not_found("file", media_id)
    return _own(media, here)


def _own(media: FieldMedia, here: InField) -> FieldMedia:
    if media.officer != here.id:
        raise not_found("file", media.id)
    return media


def _check_type(ctx: Context, media: FieldMedia, head: bytes, *, goes_on: bool = False) -> None:
    try:
        magic.check(media.mime, head, goes_on=goes_on)
    except magic.NotWhatItSaysError as error:
        raise _refused(ctx, media, 415, "type", str(error)) from None


def _refused(ctx: Context, media: FieldMedia, status: int, code: str, why: str) -> ProblemError:
    """The file will not be taken, ever: forget it, and write that down."""
    pieces_of(ctx.services).drop(media.id)
    with ctx.services.store.begin() as unit:
        unit.field_media.remove(media.id)
        detail = {"media": media.id, "kind": media.kind, "bytes": media.bytes}
        unit.audit.append(media.user, "field.media_refused", media.incident, why, detail)
    return ProblemError(status, code, "The file is refused", why)


def _out(media: FieldMedia) -> MediaOut:
    return MediaOut(
        id=media.id,
        state=media.state,
        next=len(media.sizes),
        bytes=media.bytes,
        sha256=media.sha256,
        evidence=media.evidence,
    )
