"""Warning texts (喊话词): seen, edited, approved, recorded, listened to."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from console.api.outward import outward
from console.api.wording_models import (
    EditTextIn,
    JudgeIn,
    PieceOut,
    PlaceOut,
    RecordingOut,
    SoundIn,
    TextBook,
    TextFindingOut,
    TextOut,
    TextVersionOut,
)
from console.bodies import whole
from console.context import Context, Ctx, Reviewer, Viewer
from console.errors import ProblemError
from core.config.wording import clashes
from core.errors import WardwatchError
from core.store.unit import Unit
from core.store.users import Role
from core.templates import TemplateError, pieces
from core.value import Language
from core.wordbook import (
    WordsError,
    add_recording,
    amend,
    finding,
    in_effect,
    judge,
    newest,
    recordings,
    versions,
)
from core.wording import TextFinding, TextRecording, TextVersion, Voice, spoken_parts

router = APIRouter(prefix="/warning-texts", tags=["warning texts"])

MOST_BYTES = 20_000_000
_LANGUAGES: tuple[Language, ...] = ("zh", "en")


@router.get("")
def texts(ctx: Ctx, signed: Viewer) -> TextBook:
    """All texts with their versions, and what is said of them now."""
    services = ctx.services
    site = services.site
    editor = signed.may(Role.REVIEWER)
    with services.store.read() as unit:
        found = versions(unit, site.warning_texts)
        effect = in_effect(unit, site.warning_texts, site.warnings.only_approved)
        said = {one.version.id for one in effect}
        who = signed.user.name if editor else None
        by_text: dict[str, list[TextVersion]] = {}
        for one in found:
            by_text.setdefault(one.text, []).append(one)
        shown = [
            TextOut(
                text=name,
                kind=mine[-1].kind,
                when=mine[-1].content.when.words if mine[-1].content.when else None,
                versions=[_version(ctx, unit, one, one.id in said, who) for one in reversed(mine)],
            )
            for name, mine in by_text.items()
        ]
        wrong = clashes(one.content for one in newest(found).values())
    return TextBook(
        texts=shown,
        clashes=wrong,
        only_approved=site.warnings.only_approved,
        languages=list(site.warnings.languages),
        places=[
            PlaceOut(camera=camera.id, zone=zone.id, name=zone.name, kind=zone.rule.kind)
            for camera in site.cameras
            for zone in camera.zones
        ],
        may_edit=editor,
        may_listen=services.voice is not None,
    )


@router.post("/texts/{text}", status_code=201)
def edit(text: str, given: EditTextIn, ctx: Ctx, signed: Reviewer) -> TextVersionOut:
    """Make the next version of a text, or the first of a new one; it waits for approval."""
    if given.content.id != text:
        raise ProblemError(422, "row", "Another text", f"The content is of {given.content.id}.")
    services = ctx.services
    try:
        with services.store.begin() as unit:
            made = amend(
                unit,
                services.site.warning_texts,
                given.content,
                signed.user.name,
                given.reason,
                services.clock.utc_ns(),
                seen=given.seen,
            )
            return _version(ctx, unit, made, False, signed.user.name)
    except WordsError as error:
        raise _refused(error) from None


@router.post("/versions/{version}/findings", status_code=201)
def judge_version(version: str, given: JudgeIn, ctx: Ctx, signed: Reviewer) -> TextFindingOut:
    """Approve a version with its recordings, or turn it down."""
    try:
        with ctx.services.store.begin() as unit:
            made = judge(
                unit,
                ctx.services.site.warning_texts,
                version,
                signed.user.name,
                given.office,
                given.approved,
                given.note,
                ctx.services.clock.utc_ns(),
                together=given.together,
            )
    except WordsError as error:
        raise _refused(error) from None
    return _finding(made)


@router.post("/versions/{version}/recordings", status_code=201)
async def record(
    version: str,
    request: Request,
    ctx: Ctx,
    signed: Reviewer,
    language: Language,
    piece: Annotated[int, Query(ge=1, le=20)],
) -> RecordingOut:
    """Upload a recording of one piece: a WAV, FLAC, Ogg Opus or MP3 file as the body."""
    data = await whole(request, MOST_BYTES, "The file is too large")
    return await run_in_threadpool(_take, ctx, signed.user.name, version, language, piece, data)


@router.post("/sound", response_class=Response)
def sound(given: SoundIn, ctx: Ctx, _: Viewer) -> Response:
    """How a text sounds (WAV); its length and loudness are in the headers."""
    voice = _voice(ctx)
    with ctx.services.store.read() as unit:
        template = given.template or ""
        heard: Sequence[TextRecording] = ()
        if given.version is not None:
            site = ctx.services.site
            every = versions(unit, site.warning_texts)
            one = next((one for one in every if one.id == given.version), None)
            if one is None:
                raise ProblemError(404, "not-found", "No such version", given.version)
            template, heard = one.content.text[given.language], recordings(unit, one.id)
    names = _names(ctx, given)
    try:
        made = voice.say(spoken_parts(template, given.language, names, heard))
    except TemplateError as error:
        raise ProblemError(422, "words", "Not to be filled in", str(error)) from None
    except WardwatchError as error:
        raise ProblemError(422, "words", "Nothing can be spoken", str(error)) from None
    return Response(
        made.wav,
        media_type="audio/wav",
        headers={
            "x-seconds": f"{made.seconds:.1f}",
            "x-speech-dbfs": f"{made.speech_dbfs:.1f}",
            "x-peak-dbfs": f"{made.peak_dbfs:.1f}",
        },
    )


def _take(
    ctx: Context, user: str, version: str, language: Language, piece: int, data: bytes
) -> RecordingOut:
    services = ctx.services
    try:
        taken = _voice(ctx).take(data)
        with services.store.begin() as unit:
            made = add_recording(
                unit,
                version,
                language,
                piece,
                services.site.name[language],
                taken,
                user,
                services.clock.utc_ns(),
            )
    except WordsError as error:
        raise _refused(error) from None
    except WardwatchError as error:
        raise ProblemError(422, "recording", "Not to be used", str(error)) from None
    return _recording(made, ())


def _voice(ctx: Context) -> Voice:
    if ctx.services.voice is None:
        raise ProblemError(503, "voice", "Nothing can be spoken here")
    return ctx.services.voice


def _names(ctx: Context, given: SoundIn) -> dict[str, str]:
    """What is put into the text: of the zone asked for, else of the camera."""
    site = ctx.services.site
    camera = site.camera(given.camera)
    zone = camera.zone(given.zone) if camera else None
    place = camera.name if camera else site.name
    return {
        "zone": (zone.name if zone else place)[given.language],
        "place": place[given.language],
        "township": site.name[given.language],
    }


def _version(
    ctx: Context, unit: Unit, one: TextVersion, said: bool, who: str | None
) -> TextVersionOut:
    newest_finding = finding(unit, one)
    listened = newest_finding.recordings if newest_finding else ()
    voices = recordings(unit, one.id)
    makers = {one.made_by, *(voice.made_by for voice in voices)}
    fields = outward(one)
    return TextVersionOut(
        id=one.id,
        version=one.version,
        made=fields["made"] if one.version else None,
        made_by=one.made_by,
        reason=one.reason,
        content=one.content,
        finding=_finding(newest_finding) if newest_finding else None,
        said=said,
        may_judge=who is not None and one.version > 0 and who not in makers,
        pieces=[
            PieceOut(language=language, piece=number, words=words)
            for language in _LANGUAGES
            for number, words in _pieces(ctx, one, language).items()
        ],
        recordings=[_recording(voice, listened) for voice in voices],
    )


def _pieces(ctx: Context, one: TextVersion, language: Language) -> dict[int, str]:
    names = {"zone": "", "place": "", "township": ctx.services.site.name[language]}
    return pieces(one.content.text[language], names)


def _recording(one: TextRecording, listened: Sequence[str]) -> RecordingOut:
    fields = {**outward(one), "approved": one.sha256 in listened}
    return RecordingOut.model_validate({name: fields[name] for name in RecordingOut.model_fields})


def _finding(one: TextFinding) -> TextFindingOut:
    fields = outward(one)
    return TextFindingOut.model_validate(
        {name: fields[name] for name in TextFindingOut.model_fields}
    )


def _refused(error: WordsError) -> ProblemError:
    return ProblemError(409, "words", "Not to be recorded", str(error))
