"""Entries of the audit log as lines of the duty log, and as titles of notices."""

from collections.abc import Callable

from core.audit import AuditEntry
from core.cases import NoticeKind
from core.config.site import Site
from core.deeds import deed
from core.duty import LogCategory, LogLine
from core.terms import KINDS, STATES, role_words, term
from core.value import NO_WORDS, Text

_CAMERA = {
    "online": Text(zh="恢复在线", en="is online again"),
    "degraded": Text(zh="工作不正常", en="is degraded"),
    "offline": Text(zh="离线", en="is offline"),
}
_PICTURES = {
    "ok": Text(zh="画面恢复正常", en="shows a good picture again"),
    "black": Text(zh="画面全黑", en="shows black"),
    "white": Text(zh="画面过曝", en="shows white"),
    "frozen": Text(zh="画面冻结", en="shows a frozen picture"),
    "blurred": Text(zh="画面模糊", en="shows a blurred picture"),
    "covered": Text(zh="镜头被遮挡", en="is covered"),
    "moved": Text(zh="镜头被移动", en="was moved"),
}
_NOT_TOLD = frozenset({"detections", "derivation"})
"""Files beside what they describe."""
_CATEGORIES: dict[str, LogCategory] = {
    "incident": "incident", "command": "incident", "announcement": "warning",
    "order": "order", "dispatch": "order", "evidence": "evidence", "recording": "evidence",
    "camera": "camera", "storage": "storage", "duty": "duty", "notify": "duty",
    "session": "people", "user": "people", "notice": "order", "summons": "order", "field": "order",
    "alarm": "people", "tip": "incident",
}  # fmt: skip
_LEFT_OUT = frozenset(
    {"command", "incident.view", "evidence.view", "recording.view", "incident.act_ended"}
    | {"tip.view", "tip.photo", "tip.state", "tip.forgotten", "incident.tip"}
)
"""Looking is in the access register; the desk's own note of a command repeats the console's."""


def line_of(entry: AuditEntry, site: Site) -> LogLine | None:
    """The entry as a line; None when the duty log leaves it out."""
    category = _CATEGORIES.get(entry.action.partition(".")[0])
    if category is None or entry.action in _LEFT_OUT:
        return None
    if entry.action == "evidence.sealed" and entry.detail.get("role") in _NOT_TOLD:
        return None
    if entry.action == "duty.note":
        category = "note"
    corrects = entry.detail.get("corrects")
    incident = entry.object if entry.object.startswith("inc-") else entry.detail.get("incident")
    return LogLine(
        seq=entry.seq,
        at_ns=entry.at_ns,
        category=category,
        actor=entry.actor,
        text=words_of(entry, site),
        object=entry.object,
        incident=incident if isinstance(incident, str) else None,
        serious=serious(entry),
        corrects=corrects if isinstance(corrects, int) else None,
    )


_PRESSING = frozenset({NoticeKind.NOBODY, NoticeKind.BEYOND_CIRCLE, NoticeKind.ESCALATED})


def serious(entry: AuditEntry) -> bool:
    """Whether it must reach somebody at once."""
    match entry.action:
        case "incident.detected":
            return entry.detail.get("severity") == "serious"
        case "incident.severity":
            return True
        case "camera.state":
            return entry.detail.get("to") == "offline"
        case "storage.alarm":
            return entry.detail.get("kind") != "ok"
        case "notice":
            return entry.detail.get("kind") in _PRESSING
        case "alarm.raised":
            return True
        case "duty.awake_missed" | "duty.escalated" | "duty.sign_on_late" | "notify.failing":
            return True
    return False


def words_of(entry: AuditEntry, site: Site) -> Text:
    """What happened, for people."""
    special = _SPECIAL.get(entry.action)
    if special is not None:
        return special(entry, site)
    plain = deed(entry.action)
    task = entry.detail if "zh" in entry.detail else None
    named = Text(zh=str(task["zh"]), en=str(task.get("en"))) if task else NO_WORDS
    return _joined(plain, named, Text.same(entry.reason))


TOLD_PLACE = Text(zh="群众举报地点", en="place of a public tip")


def place_of(camera_id: str, zone_id: str, site: Site) -> Text:
    """A camera and one of its zones as people call them."""
    camera = site.camera(camera_id)
    if camera is None:
        return Text.same(camera_id) if camera_id else TOLD_PLACE
    zone = camera.zone(zone_id) if zone_id else None
    return (
        camera.name
        if zone is None
        else Text(zh=f"{camera.name.zh} {zone.name.zh}", en=f"{camera.name.en}, {zone.name.en}")
    )


def _joined(*parts: Text) -> Text:
    given = [one for one in parts if not one.blank]
    return Text(zh="：".join(one.zh for one in given), en=": ".join(one.en for one in given))


def _detected(entry: AuditEntry, site: Site) -> Text:
    place = place_of(str(entry.detail.get("camera")), str(entry.detail.get("zone", "")), site)
    kind = term(KINDS, str(entry.detail.get("kind")))
    found = Text(zh=f"发现{kind.zh}（{place.zh}）", en=f"{kind.en} found at {place.en}")
    return _joined(found, Text.same(entry.reason))


def _state(entry: AuditEntry, _: Site) -> Text:
    return _joined(term(STATES, str(entry.detail.get("to", ""))), Text.same(entry.reason))


def _receipt(entry: AuditEntry, _: Site) -> Text:
    ok = Text(zh="喊话已播出", en="warning spoken")
    bad = Text(zh="喊话失败", en="warning not spoken")
    return _joined(ok if entry.detail.get("ok") else bad, Text.same(entry.reason))


def _camera(entry: AuditEntry, site: Site) -> Text:
    to = str(entry.detail.get("to"))
    said = (_CAMERA if entry.action == "camera.state" else _PICTURES).get(to, Text.same(to))
    place = place_of(entry.object, "", site)
    what = Text(zh=f"{place.zh} {said.zh}", en=f"{place.en} {said.en}")
    return _joined(what, Text.same(entry.reason))


def _sealed(entry: AuditEntry, _: Site) -> Text:
    role = str(entry.detail.get("role", ""))
    return _joined(deed(entry.action), role_words(role))


def _reason_only(entry: AuditEntry, _: Site) -> Text:
    return Text.same(entry.reason)


def _disk(entry: AuditEntry, _: Site) -> Text:
    return _joined(Text(zh="存储", en="storage"), Text.same(entry.reason))


def _notice(entry: AuditEntry, _: Site) -> Text:
    return _joined(_NOTICES.get(str(entry.detail.get("kind")), NO_WORDS), Text.same(entry.reason))


def _call(entry: AuditEntry, site: Site) -> Text:
    officer = site.officer(entry.object)
    who = officer.name if officer is not None else Text.same(entry.object)
    return _joined(deed(entry.action), who, Text.same(entry.reason))


_NOTICES: dict[str, Text] = {
    NoticeKind.EARLY_CONTROL: Text(zh="先期控制", en="hold the scene"),
    NoticeKind.BEYOND_CIRCLE: Text(zh="超出十五分钟圈", en="beyond fifteen minutes"),
    NoticeKind.NOBODY: Text(zh="无人可派", en="nobody to send"),
    NoticeKind.UNREACHED: Text(zh="通知未达", en="not reached"),
    NoticeKind.CHASE: Text(zh="催办", en="chased"),
    NoticeKind.ESCALATED: Text(zh="督办", en="escalated"),
    NoticeKind.REFUSED: Text(zh="未执行", en="not done"),
    NoticeKind.TIPS_WAIT: Text(zh="线索待研判", en="tips wait"),
}
_SPECIAL: dict[str, Callable[[AuditEntry, Site], Text]] = {
    "incident.detected": _detected,
    "incident.state": _state,
    "order.state": _state,
    "announcement.receipt": _receipt,
    "camera.state": _camera,
    "camera.picture": _camera,
    "storage.alarm": _disk,
    "evidence.sealed": _sealed,
    "duty.note": _reason_only,
    "notice": _notice,
    "alarm.raised": _call,
    "alarm.withdrawn": _call,
    "alarm.acknowledged": _call,
}
