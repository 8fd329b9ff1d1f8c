"""Handover (交接班): composed from what is known, edited by people, signed by both."""

import hashlib
import json
from collections import Counter

from alerts.duty import words
from alerts.duty.log import read
from alerts.duty.plan import local_time
from alerts.duty.tasks import OPEN
from alerts.duty.wording import place_of
from alerts.lifecycle import OPEN as OPEN_STATES
from core.cases import Severity
from core.config.site import Site
from core.duty import (
    DutyTask,
    DutyTurn,
    Handover,
    HandoverWords,
    LogLine,
    PlannedTurn,
    Side,
    Signature,
    TaskKind,
)
from core.store.unit import Unit
from core.terms import KINDS, STATES, term
from core.value import Text

SECTIONS = {
    "done": Text(zh="本班完成", en="Done"),
    "open": Text(zh="未结事项", en="Open"),
    "equipment": Text(zh="设备状况", en="Equipment"),
    "instructions": Text(zh="交办事项", en="Instructions"),
}
_MOST_LINES = 5000
_SHOWN = 40


def compose(unit: Unit, site: Site, turn: DutyTurn, now_ns: int) -> HandoverWords:
    """The words as far as the program knows them; the instructions are left to people."""
    lines = read(unit, site, turn.began_ns, now_ns, limit=_MOST_LINES)
    return HandoverWords(
        done=_done(unit, site, turn, lines),
        open=_open(unit, site),
        equipment=_equipment(unit, site),
    )


def digest(handover: Handover) -> str:
    """SHA-256 of what a signature stands for."""
    signed = {
        "turn": handover.id,
        "next": handover.next_turn.id if handover.next_turn else None,
        "revision": handover.revision,
        **handover.words.model_dump(),
    }
    canonical = json.dumps(signed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def missing(handover: Handover, tasks: list[DutyTask], site: Site, now_ns: int) -> list[Text]:
    """Everything that the handover still wants, signatures last."""
    wanted = _unready(handover, tasks, site, now_ns)
    sides = {one.side for one in handover.signatures}
    wanted += [words.wants(side) for side in ("leaving", "coming") if side not in sides]
    return wanted


def obstacles(
    handover: Handover,
    turn: DutyTurn,
    tasks: list[DutyTask],
    site: Site,
    user: str,
    side: Side,
    now_ns: int,
) -> list[Text]:
    """Why this person cannot sign for this side now."""
    against = _unready(handover, tasks, site, now_ns)
    if any(one.user == user and one.side != side for one in handover.signatures):
        against.append(words.same_person())
    here = user in turn.on_duty()
    if side == "leaving" and not here:
        against.append(words.leaves_not(user))
    if side == "coming" and here:
        against.append(words.stays(user))
    return against


def signed(handover: Handover, user: str, side: Side, now_ns: int) -> Handover:
    """With the signature added, in the place of an older one of that side."""
    kept = tuple(one for one in handover.signatures if one.side != side)
    new = Signature(side=side, user=user, at_ns=now_ns, sha256=digest(handover))
    update: dict[str, object] = {"signatures": (*kept, new)}
    if kept:
        update["signed_ns"] = now_ns
    return handover.model_copy(update=update)


def _unready(handover: Handover, tasks: list[DutyTask], site: Site, now_ns: int) -> list[Text]:
    wanted = [
        words.section_empty(SECTIONS[name])
        for name, said in handover.words.model_dump().items()
        if not said.strip()
    ]
    wanted += [
        words.patrol_open(one.name, f"{local_time(one.due_ns, site.zone_info):%H:%M}")
        for one in tasks
        if one.kind is TaskKind.PATROL and one.open and one.limit_ns <= now_ns
    ]
    if handover.next_turn is None:
        wanted.append(words.nobody_follows())
    return wanted


def next_turn_id(turn: PlannedTurn | None) -> str:
    """For the log."""
    return turn.id if turn else ""


def _done(unit: Unit, site: Site, turn: DutyTurn, lines: tuple[LogLine, ...]) -> str:
    ended = [
        one
        for one in unit.incidents.find(
            newest_by="started_ns",
            limit=1000,
            state=["closed", "complied", "checked", "dismissed", "transferred"],
        )
        if one.history and one.history[-1].at_ns >= turn.began_ns
    ]
    found = Counter(one.category for one in lines)
    tasks = [
        one
        for one in unit.duty_tasks.find(newest_by="due_ns", limit=500, state="done")
        if (one.done_ns or 0) >= turn.began_ns
    ]
    patrols = [one for one in tasks if one.kind is TaskKind.PATROL]
    awake = [one for one in tasks if one.kind is TaskKind.AWAKE]
    said = [
        _say(site, f"办结事件 {len(ended)} 起", f"{len(ended)} incidents settled"),
        *(
            "  · "
            + _say(
                site,
                f"{term(KINDS, one.kind.value).zh}（{place_of(one.camera, one.zone, site).zh}）："
                f"{term(STATES, one.state.value).zh}",
                f"{term(KINDS, one.kind.value).en}, {place_of(one.camera, one.zone, site).en}: "
                f"{term(STATES, one.state.value).en}",
            )
            for one in ended[:_SHOWN]
        ),
        _say(
            site,
            f"喊话记录 {found['warning']} 条，派单记录 {found['order']} 条，"
            f"值班记事 {found['note']} 条",
            f"{found['warning']} lines on warnings, {found['order']} on orders, "
            f"{found['note']} notes",
        ),
        _say(
            site,
            f"巡查 {len(patrols)} 次（逾期 {sum(one.late for one in patrols)} 次），"
            f"在岗确认 {len(awake)} 次（逾期 {sum(one.late for one in awake)} 次）",
            f"{len(patrols)} patrols ({sum(one.late for one in patrols)} late), "
            f"{len(awake)} awake checks ({sum(one.late for one in awake)} late)",
        ),
    ]
    return "\n".join(said)


def _open(unit: Unit, site: Site) -> str:
    running = unit.incidents.find(
        newest_by="started_ns", state=[state.value for state in OPEN_STATES]
    )
    said = []
    for one in running[:_SHOWN]:
        place, kind = place_of(one.camera, one.zone, site), term(KINDS, one.kind.value)
        state = term(STATES, one.state.value)
        grave = one.severity is Severity.SERIOUS
        said.append(
            _say(
                site,
                f"{kind.zh}（{place.zh}）：{state.zh}{'，严重' if grave else ''}，{one.id}",
                f"{kind.en}, {place.en}: {state.en}{', serious' if grave else ''}, {one.id}",
            )
        )
    if len(running) > _SHOWN:
        more = len(running) - _SHOWN
        said.append(_say(site, f"另有 {more} 起", f"and {more} more"))
    said += [
        _say(site, f"巡查未做：{task.name.zh}", f"patrol not done: {task.name.en}")
        for task in unit.duty_tasks.find(state=list(OPEN), kind=TaskKind.PATROL.value)
    ]
    return "\n".join(said) or _say(site, "无", "none")


def _equipment(unit: Unit, site: Site) -> str:
    said = []
    for camera in site.cameras:
        for what, well in (("camera.state", "online"), ("camera.picture", "ok")):
            entry = unit.audit.newest(what, camera.id) if camera.enabled else None
            if entry is not None and entry.detail.get("to") != well:
                to = str(entry.detail.get("to"))
                since = f"{local_time(entry.at_ns, site.zone_info):%m-%d %H:%M}"
                said.append(
                    _say(
                        site,
                        f"摄像机 {camera.name.zh}：{to}，自 {since}",
                        f"camera {camera.name.en}: {to} since {since}",
                    )
                )
    disk = unit.audit.newest("storage.alarm")
    if disk is not None and disk.detail.get("kind") != "ok":
        said.append(_say(site, f"存储：{disk.reason}", f"storage: {disk.reason}"))
    said += [
        _say(site, f"通知渠道 {one.id} 故障", f"notification channel {one.id} fails")
        for one in unit.channels.find()
        if one.failing_since_ns is not None
    ]
    return "\n".join(said) or _say(site, "正常", "all well")


def _say(site: Site, zh: str, en: str) -> str:
    return zh if site.language == "zh" else en
