"""What the program says in histories and in the log: Chinese first, English beside it."""

from core.cases import Incident, IncidentState, OrderState
from core.seeing import Ending
from core.terms import ENDINGS
from core.value import Text

_CUES = {
    "vehicle": Text(zh="有车辆", en="a vehicle"),
    "large": Text(zh="量大", en="a large pile"),
    "night": Text(zh="夜间", en="at night"),
    "group": Text(zh="多人", en="a group"),
    "rod": Text(zh="鱼竿", en="a rod"),
    "net": Text(zh="渔网", en="a net"),
    "boat": Text(zh="船只", en="a boat"),
    "repeat": Text(zh="重复发生", en="it happened here before"),
}
_LATER_STEPS = {
    OrderState.ACKNOWLEDGED: Text(zh="已签收", en="acknowledged"),
    OrderState.EN_ROUTE: Text(zh="途中", en="en route"),
    OrderState.ON_SCENE: Text(zh="到场", en="on scene"),
    OrderState.HANDLED: Text(zh="已处置", en="handled"),
}
_WAITED_FOR = {
    OrderState.ACKNOWLEDGED: Text(zh="签收后尚未出发", en="acknowledged, but not on the way yet"),
    OrderState.EN_ROUTE: Text(zh="尚未到场", en="not on the scene yet"),
    OrderState.ON_SCENE: Text(zh="到场后尚未反馈结果", en="on the scene, no result yet"),
}
_ENDS = {
    IncidentState.CLOSED: Text(zh="已办结", en="closed"),
    IncidentState.DISMISSED: Text(zh="已排除", en="dismissed"),
    IncidentState.TRANSFERRED: Text(zh="已移送", en="transferred"),
}


def warned(attempt: int) -> Text:
    return Text(zh=f"第{attempt}次喊话", en=f"warning {attempt}")


def spoken_live(seconds: float) -> Text:
    return Text(zh=f"实时喊话{seconds:.0f}秒", en=f"spoken to live for {seconds:.0f} s")


def ended_during_talk(how: Ending | None) -> Text:
    done = _gone(how)
    return Text(zh=f"实时喊话中{done.zh}", en=f"{done.en} while somebody spoke to the scene")


def ended_by_himself(how: Ending | None) -> Text:
    done = _gone(how)
    own = "" if how else "自行"
    return Text(zh=f"喊话前{own}{done.zh}", en=f"{done.en} before any warning was spoken")


def ended_after_warning(attempt: int, how: Ending | None) -> Text:
    done = _gone(how)
    return Text(zh=f"第{attempt}次喊话后{done.zh}", en=f"{done.en} after warning {attempt}")


def _gone(how: Ending | None) -> Text:
    return ENDINGS[how] if how else Text(zh="离开", en="left")


def persists(attempts: int, seconds: float) -> Text:
    return Text(
        zh=f"喊话{attempts}次，{seconds:.0f}秒后仍在",
        en=f"still there {seconds:.0f} s after warning {attempts}",
    )


def serious() -> Text:
    return Text(zh="情形严重，直接派单", en="serious: an officer is sent at once")


def no_speaker() -> Text:
    return Text(zh="该点位没有喇叭", en="no loudspeaker at this camera")


def speaker_failed(error: str) -> Text:
    return Text(zh=f"喊话失败：{error}", en=f"the warning was not spoken: {error}")


def no_receipt(seconds: float) -> Text:
    return Text(
        zh=f"喊话{seconds:.0f}秒内没有回执", en=f"no receipt within {seconds:.0f} s of the warning"
    )


def warned_enough(attempts: int) -> Text:
    return Text(zh=f"已喊话{attempts}次", en=f"warned {attempts} times already")


def quiet_hours() -> Text:
    return Text(zh="静音时段，不喊话", en="quiet hours: no warning")


def came_back() -> Text:
    return Text(zh="再次出现", en="seen again")


def worse(cues: tuple[str, ...]) -> Text:
    named = [_CUES.get(cue, Text.same(cue)) for cue in cues]
    return Text(
        zh=f"情形加重：{'、'.join(one.zh for one in named)}",
        en=f"more serious: {', '.join(one.en for one in named)}",
    )


def officer_returned(officer: str, note: Text) -> Text:
    return Text(
        zh=f"{officer} 退回：{note.zh or '未说明'}",
        en=f"{officer} gave it back: {note.en or 'no reason given'}",
    )


def officer_silent(officer: str, seconds: float) -> Text:
    return Text(
        zh=f"{officer} {seconds:.0f}秒内未签收",
        en=f"{officer} did not acknowledge within {seconds:.0f} s",
    )


def implied_by(state: OrderState) -> Text:
    later = _LATER_STEPS[state]
    return Text(zh=f"由“{later.zh}”推定", en=f"implied by “{later.en}”")


def sent_instead(officer: str) -> Text:
    return Text(zh=f"改派 {officer}", en=f"{officer} is sent instead")


def seen_to_have_ended() -> Text:
    return Text(zh="画面确认已消除", en="seen to have ended")


def still_there() -> Text:
    return Text(zh="队员处置后仍在，请核查", en="still there after it was handled: please check")


def officers_report(result: Text) -> Text:
    return Text(zh=f"依据队员反馈：{result.zh}", en=f"by the officer's report: {result.en}")


def after_sealed() -> Text:
    return Text(zh="处置后证据已封存", en="the evidence of afterwards is sealed")


def after_missing(seconds: float) -> Text:
    return Text(
        zh=f"{seconds:.0f}秒内未收到处置后证据，仍予办结",
        en=f"closed without the evidence of afterwards: none came within {seconds:.0f} s",
    )


def ended_with_incident(state: IncidentState) -> Text:
    end = _ENDS[state]
    return Text(zh=f"事件{end.zh}", en=f"the incident was {end.en}")


def nobody_free() -> Text:
    return Text(zh="没有空闲队员，稍后再派", en="no officer is free; it will be tried again")


def nobody_supports() -> Text:
    return Text(
        zh="没有可增援的队员，稍后再派", en="no officer is free to support; tried again later"
    )


def beyond_circle(officer: str, minutes: float, reachable: bool) -> Text:
    if not reachable:
        return Text(
            zh=f"执法圈内无人可派，已派 {officer}；路网上没有通路",
            en=f"{officer} was asked, though the map has no road from there: nobody is nearer",
        )
    return Text(
        zh=f"执法圈内无人可派，已派 {officer}，约{minutes:.0f}分钟",
        en=f"nobody is free within the circle: {officer} was asked, {minutes:.0f} minutes away",
    )


def where(incident: Incident) -> Text:
    """The place of an incident without a camera that the configuration knows."""
    if incident.place is None or incident.camera:
        return Text.same(incident.camera)
    at = f"{incident.place.lon:.5f}, {incident.place.lat:.5f}"
    return Text(zh=f"群众举报地点（{at}）", en=f"the place of a public tip ({at})")


def told_by_the_public(said: str, place: str) -> Text:
    told = "；".join(one for one in (place.strip(), said.strip()) if one)
    if not told:
        return Text(zh="群众举报", en="a public tip")
    return Text(zh=f"群众举报：{told}", en=f"a public tip: {told}")


def nobody_watches() -> Text:
    return Text(
        zh="仅有群众举报，没有摄像机看到，派人到场核实",
        en="only the public told of it and no camera sees it: an officer goes and looks",
    )


def reported_without_camera() -> Text:
    return Text(
        zh="该地点没有摄像机，依据队员反馈办结",
        en="no camera sees the place: closed by the officer's report",
    )


def no_such_tip(tip: str) -> Text:
    return Text(zh=f"没有线索 {tip}", en=f"there is no tip {tip}")


def tips_wait(number: int, hours: float) -> Text:
    return Text(
        zh=f"{number} 条群众举报超过 {hours:g} 小时无人研判",
        en=f"nobody has decided about {number} of the public's tips for {hours:g} hours",
    )


def tip_moved_on() -> Text:
    return Text(zh="该线索已由他人处理，请重新查看", en="somebody else decided first: look again")


def tip_needs_kind() -> Text:
    return Text(zh="请选择事件类型", en="say what kind of incident it is")


def no_such_camera(camera: str) -> Text:
    return Text(zh=f"没有摄像机 {camera}", en=f"there is no camera {camera}")


def hold_the_scene(where: Text) -> Text:
    return Text(
        zh=f"{where.zh}有情况，请先期到场劝阻、稳住现场，不执法，等队员到达",
        en=f"something is going on at {where.en}: please go there, talk, hold the scene until the "
        "officers come; do not enforce",
    )


def place_corrected(metres: float) -> Text:
    return Text(zh=f"地点更正{metres:.0f}米", en=f"place corrected by {metres:.0f} m")


def late(state: OrderState) -> Text:
    return Text(zh=f"催办：{_WAITED_FOR[state].zh}", en=f"reminder: {_WAITED_FOR[state].en}")


def late_officer(officer: str, state: OrderState) -> Text:
    return Text(
        zh=f"{officer} 超时：{_WAITED_FOR[state].zh}",
        en=f"{officer} is overdue: {_WAITED_FOR[state].en}",
    )


def report_position() -> Text:
    return Text(zh="催办：收不到您的位置，请回话", en="reminder: no position comes, please answer")


def phone_silent(officer: str, seconds: float) -> Text:
    return Text(
        zh=f"{officer} 失联超过{seconds:.0f}秒",
        en=f"{officer} was not heard of for {seconds:.0f} s",
    )


def sought_in_vain(seconds: float) -> Text:
    return Text(
        zh=f"{seconds:.0f}秒内无人签收，请值班长处理",
        en=f"nobody took it on within {seconds:.0f} s: the duty chief must decide",
    )


def supports_no_more() -> Text:
    return Text(zh="主办队员已处置", en="the first officer has dealt with it")


def wants_support(officer: str, note: Text) -> Text:
    return Text(
        zh=f"{officer} 请求增援：{note.zh or '未说明'}",
        en=f"{officer} asks for support: {note.en or 'no reason given'}",
    )


def unseen() -> Text:
    return Text(
        zh="观察期内没有画面分析，无法判断是否离开",
        en="the scene was not analysed meanwhile: whether they left is not known",
    )


def person_decides() -> Text:
    return Text(zh="当日无适用条款，由人判断", en="no catalogue row in force: a person decides")


def by_hand(user: str) -> Text:
    return Text(zh=f"{user} 人工处置", en=f"decided by {user}")


# What the console shows when a person asks for something that cannot be done.


def no_such_incident(incident: str) -> Text:
    return Text(zh=f"没有事件 {incident}", en=f"there is no incident {incident}")


def reason_needed() -> Text:
    return Text(zh="请填写理由", en="give a reason")


def not_in_this_state(action: str, state: str) -> Text:
    return Text(
        zh=f"事件处于 {state}，不能执行 {action}", en=f"{action} is not possible in state {state}"
    )


def no_such_officer(officer: str) -> Text:
    return Text(zh=f"没有队员 {officer}", en=f"there is no officer {officer}")


def officer_busy(officer: str) -> Text:
    return Text(zh=f"{officer} 正在执行其他任务", en=f"{officer} is on another order")


def officer_off(officer: str, *, by_phone: bool) -> Text:
    if by_phone:
        return Text(
            zh=f"{officer} 未上勤，收不到派单；请其在手机上上勤后再派",
            en=f"{officer} is off duty and would not get the order: have duty begun on the phone",
        )
    return Text(
        zh=f"{officer} 不在勤务时段", en=f"{officer} is off duty by the roster (officers.yaml)"
    )


def went_off() -> Text:
    return Text(
        zh="您已下勤，但任务未完成：请继续处置，或退回派单",
        en="you went off duty with an order open: go on with it or give it back",
    )


def officer_went_off(officer: str) -> Text:
    return Text(zh=f"{officer} 下勤时任务未完成", en=f"{officer} went off duty with an order open")


def nobody_to_support() -> Text:
    return Text(zh="尚无队员出警，无从增援", en="no officer is on it yet: dispatch one first")


def moved_on(state: str) -> Text:
    return Text(
        zh=f"别人已先处置，事件现为 {state}；请看过再决定",
        en=f"somebody else decided first, it is {state} now: look again, then decide",
    )


def whom_to() -> Text:
    return Text(zh="请填写移送给哪个部门", en="say which department it is transferred to")


def override_needed(why: Text) -> Text:
    return Text(zh=f"{why.zh}；填写理由可越权喊话", en=f"{why.en}; a reason overrides it")


def speaker_rests(seconds: float) -> Text:
    return Text(
        zh=f"喇叭还需间隔{seconds:.0f}秒", en=f"the loudspeaker rests for another {seconds:.0f} s"
    )


def speaker_speaks() -> Text:
    return Text(zh="喇叭正在喊话", en="the loudspeaker is about to speak already")


def only_reviewers_choose() -> Text:
    return Text(zh="适用条款只能由审核人员选定", en="only a reviewer chooses the row that applies")


def row_not_in_force(row: str) -> Text:
    return Text(
        zh=f"条款“{row}”在行为发生当天无效，或不属于此类行为",
        en=f"row {row!r} was not in force on the day of the act, or is of another kind",
    )
