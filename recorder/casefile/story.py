"""The content of the documents, as plain text for the template."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.clock import NS_PER_S
from core.terms import CUES, ENDINGS, KINDS, SEVERITIES, STATES, role_words, term
from core.transcripts import SPOKEN
from recorder.casefile.case import Case
from recorder.casefile.signatures import said
from recorder.casefile.words import ACTS, NOTES, REVIEWS
from recorder.seal.check.times import utc_ns_of
from recorder.seal.check.words import LIMITS_ZH
from recorder.seal.manifest import Row

Pairs = list[tuple[str, str]]
_UNKNOWN = "未记录"
_FINDERS = {"camera": "监控设备自动发现", "drone": "无人机自动发现", "tip": "群众举报"}


@dataclass(frozen=True)
class Moment:
    """An entry of the time line; ``picture`` is a path in the case file."""

    at_ns: int
    what: str
    detail: str = ""
    picture: str = ""


def story(case: Case) -> dict[str, Any]:
    """Everything the template shows."""
    return {
        "case": case.wish.id,
        "file": f"{case.wish.id}.zip",
        "site": case.site.name.zh,
        "timezone": case.site.timezone,
        "evidence": case.standing.evidence,
        "why": case.standing.why.zh,
        "basics": _basics(case),
        "source": _source(case),
        "signers": [
            {"name": one.identity.subject or one.algorithm, "sha256": one.identity.sha256}
            for one in case.signers
        ],
        "signatures": list(said(case.signatures)),
        "limits": LIMITS_ZH,
        "extraction": _extraction(case),
        "files": [_file(case, row) for row in case.evidence_rows],
        "recorded": bool(case.gaps),
        "gaps": _gaps(case),
        "custody": [_event(case, one) for one in case.custody],
        "reviewed": [
            ("事件编号", case.facts.incident.id),
            ("案由", _cause(case)),
            ("结论", case.standing.why.zh),
            ("文件数", f"{len(case.evidence_rows)}"),
        ],
        "reviews": [_review(case, one) for one in case.facts.reviews],
        "timeline": [
            {
                "at": _local(case, one.at_ns),
                "what": one.what,
                "detail": one.detail,
                "picture": one.picture,
            }
            for one in sorted(_moments(case), key=lambda one: one.at_ns)
        ],
    }


def contents(cases: Sequence[Case], *, evidence: bool) -> dict[str, Any]:
    """What the template shows of several incidents; at least one."""
    first = cases[0]
    return {
        "case": first.wish.id,
        "site": first.site.name.zh,
        "evidence": evidence,
        "why": "各事件的性质见下表",
        "basics": [
            ("导出", f"{_local(first, first.at_ns)}，{first.wish.by}"),
            ("导出理由", first.wish.reason),
        ],
        "contents": [
            (
                f"{one.facts.incident.id}.zip",
                _cause(one),
                _local(one, one.facts.incident.started_ns),
                "证据" if one.standing.evidence else f"线索（{one.standing.why.zh}）",
                str(len(one.evidence_rows)),
            )
            for one in cases
        ],
    }


def _basics(case: Case) -> Pairs:
    incident, row = case.facts.incident, case.facts.row
    cues = "、".join(term(CUES, one).zh for one in incident.cues)
    return [
        ("事件编号", incident.id),
        ("案由", _cause(case)),
        ("程度", SEVERITIES[incident.severity.value].zh),
        ("状态", STATES[incident.state.value].zh),
        ("起止", f"{_local(case, incident.started_ns)} 至 {_local(case, incident.last_seen_ns)}"),
        ("发现理由", incident.why.zh + (f"（{cues}）" if cues else "")),
        ("发现方式", f"{_found_by(case)}，{case.facts.confirmed_by or '无人'}人工确认"),
        (
            "依据",
            f"{row.basis}（{'已' if row.verified_by else '未'}经法制人员核对）" if row else "—",
        ),
        ("主管部门", row.department.zh if row else "—"),
        ("导出", f"{_local(case, case.at_ns)}，{case.wish.by}"),
        ("导出理由", case.wish.reason),
    ]


def _found_by(case: Case) -> str:
    """Who was first, and whether the public told of it as well."""
    incident, sightings = case.facts.incident, case.facts.sightings
    first = sightings[0].source if sightings and incident.camera else "tip"
    also = "，并有群众举报" if incident.tips and first != "tip" else ""
    return _FINDERS[first] + also


def _source(case: Case) -> Pairs:
    camera, incident = case.facts.camera, case.facts.incident
    zone = camera.zone(incident.zone) if camera is not None else None
    place = incident.place or (camera.place if camera is not None else None)
    error_m = incident.place_error_m
    error = "" if error_m is None else f"，误差约 {error_m:.0f} 米"
    if incident.camera:
        device = f"{camera.name.zh if camera else '（已撤除）'}（{incident.camera}）"
    else:
        device = "无，由群众举报"
    if incident.zone:
        ground = f"{zone.name.zh if zone else '（已变更）'}（{incident.zone}）"
    else:
        ground = "—"
    about_device = [
        ("设备标识", f"{_UNKNOWN}国标 20 位编码、序列号和固件版本"),
        ("设备审核", f"{_UNKNOWN}设置地点公示及设备的法制、技术审核，由办案单位另附"),
    ]
    return [
        ("摄像机", device),
        ("区域", ground),
        (
            "位置",
            f"东经 {place.lon:.6f}°，北纬 {place.lat:.6f}°（{place.datum}）{error}"
            if place
            else "—",
        ),
        *(about_device if incident.camera else []),
    ]


def _extraction(case: Case) -> Pairs:
    rows = case.evidence_rows
    first = min((utc_ns_of(row["first_utc"]) for row in rows), default=case.at_ns)
    last = max((utc_ns_of(row["last_utc"]) for row in rows), default=case.at_ns)
    return [
        ("案由", _cause(case)),
        ("对象", f"事件 {case.facts.incident.id} 的封存文件 {len(rows)} 个"),
        ("内容", f"{_local(case, first)} 至 {_local(case, last)} 的录像、截图、录音和照片"),
        ("时间", f"{_local(case, case.at_ns)}（导出）；各文件封存时间见保管链"),
        ("地点", f"{case.site.name.zh}指挥中心"),
        ("方法", "由望守系统自封存库原样复制，计算 SHA-256 和 SM3 校验值并签名"),
        (
            "过程",
            f"{case.wish.by} 以「{case.wish.reason}」为由导出；逐个比对封存时的校验值，全部一致",
        ),
    ]


def _file(case: Case, row: Row) -> dict[str, str]:
    parents = {one["sha256"]: one["path"] for one in case.rows}
    span = f"{_local_text(case, row['first_utc'])} 至 {_local_text(case, row['last_utc'])}"
    if row.get("requested_first_utc") and row["first_utc"] != row["last_utc"]:
        asked = (row["requested_first_utc"], row["requested_last_utc"])
        span += f"（申请 {_local_text(case, asked[0])} 至 {_local_text(case, asked[1])}）"
    return {
        "path": row["path"],
        "role": role_words(row["role"]).zh,
        "size": f"{row['size']:,}",
        "time": span,
        "parent": parents.get(row["parent_sha256"] or "", row["parent_sha256"] or ""),
        "clock": _clock(row),
        "heard": _heard(case, row),
        "note": NOTES.get(row["note"], row["note"]),
        "sha256": row["sha256"],
        "sm3": row["sm3"] or "—",
    }


def _heard(case: Case, row: Row) -> str:
    """The written transcript that sound used as evidence needs, or that there is none."""
    if row["role"] not in SPOKEN:
        return ""
    said = case.facts.transcripts.get(row["id"])
    if said is None:
        return "无文字记录"
    if said.version == 0:
        return f"{said.text}（喊话原文）"
    return f"{said.text}（{said.by}，{_local(case, said.at_ns)}，第 {said.version} 版）"


def _clock(row: Row) -> str:
    offset_s = row["clock"]["offset_s"]
    if offset_s is None:
        return "摄像机时钟未测得，以本站时钟为准" if row["clock"]["note"] else ""
    side = "快" if offset_s >= 0 else "慢"
    around_s = row["clock"]["uncertainty_s"]
    return f"摄像机比本站{side} {abs(offset_s):.3f} 秒，不确定度 {around_s:.3f} 秒"


def _gaps(case: Case) -> list[tuple[str, str, str, str]]:
    return [
        (
            one["camera"],
            _local_text(case, gap["first_utc"]),
            _local_text(case, gap["last_utc"]) if gap["last_utc"] else "至今",
            gap["reason"],
        )
        for one in case.gaps
        for gap in one["gaps"]
    ]


def _event(case: Case, event: dict[str, Any]) -> tuple[str, ...]:
    about = "：".join(part for part in (event["object"], event["reason"]) if part)
    actor = "系统" if event["actor"] == "system" else event["actor"]
    act = ACTS.get(event["action"], event["action"])
    who = f"{actor}（{event['unit']}）" if event["unit"] else actor
    return (str(event["seq"]), _local_text(case, event["at"]), who, act, about)


def _review(case: Case, one: Any) -> dict[str, Any]:
    return {
        "kind": REVIEWS[one.kind.value],
        "rows": [
            ("审核人", f"{one.reviewer}（{one.office}）"),
            ("时间", _local(case, one.at_ns)),
            ("依据", one.basis),
            ("结论", "通过" if one.passed else "不通过"),
            ("所审文件", f"{len(one.sealed)} 个"),
        ],
    }


def _moments(case: Case) -> Iterator[Moment]:
    facts = case.facts
    for one in facts.sightings:
        if one.source == "tip":  # nobody saw it begin or end
            yield Moment(one.started_ns, "群众所述的发生时间", one.why.text.zh)
            continue
        yield Moment(one.started_ns, "行为开始", one.why.text.zh)
        yield Moment(one.fired_ns, "系统发现", f"模型 {one.model or _UNKNOWN}")
        if one.ended_ns is not None:
            how = ENDINGS[one.ending].zh if one.ending else ""
            yield Moment(one.ended_ns, "行为结束", how)
    for step in facts.incident.history:
        who = "" if step.actor == "system" else step.actor
        said = "：".join(part for part in (who, step.reason.zh) if part)
        yield Moment(step.at_ns, f"事件：{term(STATES, step.state).zh}", said)
    for said_one in facts.announcements:
        yield Moment(said_one.requested_ns, f"第 {said_one.attempt} 次喊话", said_one.text)
        receipt = facts.receipts.get(said_one.id)
        if receipt is not None and receipt.started_ns is not None:
            length = f"时长 {receipt.seconds:.1f} 秒；设备答复：{receipt.device_reply or '无'}"
            yield Moment(receipt.started_ns, "喊话播出" if receipt.ok else "喊话失败", length)
    for order in facts.orders:
        officer = case.site.officer(order.officer)
        name = officer.name.zh if officer is not None else order.officer
        for step in order.history:
            said = step.reason.zh or (order.result.zh if step.state == "handled" else "")
            yield Moment(step.at_ns, f"派单 {name}：{term(STATES, step.state).zh}", said)
    for review in facts.reviews:
        done = f"{REVIEWS[review.kind.value]}：{'通过' if review.passed else '不通过'}"
        yield Moment(review.at_ns, done, f"{review.reviewer}（{review.office}）")
    for row in case.evidence_rows:
        if row["mime"].startswith("image/"):
            at_ns = utc_ns_of(row["first_utc"])
            yield Moment(at_ns, role_words(row["role"]).zh, row["path"], row["path"])
    yield Moment(case.at_ns, "导出案卷", f"{case.wish.by}：{case.wish.reason}")


def _cause(case: Case) -> str:
    row, kind = case.facts.row, case.facts.incident.kind.value
    return f"涉嫌{row.act.zh if row is not None else KINDS[kind].zh}"


def _local_text(case: Case, text: str) -> str:
    return _local(case, utc_ns_of(text))


def _local(case: Case, utc_ns: int) -> str:
    """As clocks on the wall show it, to the millisecond.

    The rest is cut off, not rounded, like the figures of a clock.
    """
    moment = datetime.fromtimestamp(utc_ns // NS_PER_S, case.site.zone_info)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{utc_ns % NS_PER_S // 1_000_000:03d}"
