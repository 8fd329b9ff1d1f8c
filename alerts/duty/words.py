"""What the desk says: refusals, and what a handover still wants. Chinese first."""

from core.value import NO_WORDS, Text

NOTHING = NO_WORDS
AWAKE = Text(zh="在岗确认", en="Awake check")


def nobody_planned() -> Text:
    return Text(
        zh="现在没有排班，不能签到；请在 duty.yaml 里排班",
        en="no shift is planned for now; plan one in duty.yaml",
    )


def signed_on_already(user: str) -> Text:
    return Text(zh=f"{user} 已签到", en=f"{user} is signed on already")


def not_signed_on(user: str) -> Text:
    return Text(zh=f"{user} 未签到在岗", en=f"{user} is not signed on")


def hand_over_first() -> Text:
    return Text(
        zh="您是最后一名在岗人员，请办理交接班", en="you are the last one here: hand over instead"
    )


def no_turn() -> Text:
    return Text(zh="没有正在进行的班次", en="no shift is running")


def no_task(task: str) -> Text:
    return Text(zh=f"没有任务 {task}", en=f"there is no task {task}")


def sign_on_by_signing_on() -> Text:
    return Text(zh="请签到，或办理交接班", en="sign on, or hand over")


def empty_note() -> Text:
    return Text(zh="请填写内容", en="write something")


def no_line(seq: int) -> Text:
    return Text(zh=f"没有第 {seq} 号记录", en=f"there is no line {seq}")


def no_handover() -> Text:
    return Text(zh="尚未编制交接班记录", en="no handover is being prepared")


def changed_meanwhile() -> Text:
    return Text(
        zh="交接班记录已被他人修改，请重新查看",
        en="the handover was changed meanwhile: read it again",
    )


def other_follows() -> Text:
    return Text(
        zh="接班班次已变化，请重新编制交接班记录", en="another shift follows now: compose it anew"
    )


def over_already() -> Text:
    return Text(zh="交接班已完成", en="the handover is complete already")


def section_empty(name: Text) -> Text:
    return Text(zh=f"“{name.zh}”未填写（没有请写“无”）", en=f"“{name.en}” is empty (write “none”)")


def patrol_open(name: Text, at: str) -> Text:
    return Text(
        zh=f"巡查“{name.zh}”（{at}）未完成：请完成或说明原因",
        en=f"patrol “{name.en}” ({at}) is not done: do it, or say why not",
    )


def wants(side: str) -> Text:
    return (
        Text(zh="交班人未签字", en="who leaves has not signed")
        if side == "leaving"
        else Text(zh="接班人未签字", en="who comes has not signed")
    )


def nobody_follows() -> Text:
    return Text(zh="其后没有排班，无人可接", en="no shift follows that could take over")


def same_person() -> Text:
    return Text(zh="交班人和接班人不能是同一人", en="one person cannot sign for both sides")


def leaves_not(user: str) -> Text:
    return Text(
        zh=f"{user} 不在本班，不能作为交班人签字", en=f"{user} is not of the shift that leaves"
    )


def stays(user: str) -> Text:
    return Text(
        zh=f"{user} 仍在本班，不能作为接班人签字", en=f"{user} is still of the shift that leaves"
    )
