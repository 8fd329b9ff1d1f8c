"""What is said when incidents are joined and taken apart: Chinese first, English beside it."""

from core.value import Text


def same_act_as(incident: str, why: str) -> Text:
    told = (f"：{why}", f": {why}") if why else ("", "")
    return Text(
        zh=f"并案：与 {incident} 为同一行为{told[0]}",
        en=f"joined: the same act as {incident}{told[1]}",
    )


def not_joined_to(incident: str) -> Text:
    return Text(
        zh=f"不能并入 {incident}：须为另一起、同类型、未办结的事件",
        en=f"cannot be joined to {incident}: it takes another incident of the same kind that is "
        "still open",
    )


def officer_is_there() -> Text:
    return Text(
        zh="本事件已有队员在办，对方没有：请反过来，把对方并入本事件",
        en="an officer works on this one and none on the other: join the other one to this",
    )


def cannot_split() -> Text:
    return Text(
        zh="请选出本事件的一条或几条线索，并至少留下一条",
        en="choose one or several of its sightings, and leave one at least",
    )


def came_by_joining(incident: str) -> Text:
    return Text(
        zh=f"所选或余下的线索随 {incident} 并入：请重开该事件来分案",
        en=f"what was chosen, or all that is left, came with {incident}: reopen that instead",
    )


def over_when_split(incident: str) -> Text:
    return Text(
        zh=f"从 {incident} 拆出时已结束，此前处置见该事件",
        en=f"over when it was taken out of {incident}; what was done before stands there",
    )
