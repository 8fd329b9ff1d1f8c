"""Terms of the trade in both languages: kinds, states, cues, and what sealed files are.

Documents, the duty log and notices take them from here. The pages have the kinds and states in
their own books, since they are there before anything was loaded.
"""

from collections.abc import Mapping

from core.value import Text


def term(terms: Mapping[str, Text], name: str) -> Text:
    """The words for a name; one that is not known stands for itself."""
    return terms.get(name, Text.same(name))


def role_words(role: str) -> Text:
    """What a sealed file is.

    >>> role_words("working_clock").zh, role_words("clip").en
    ('工作副本', 'evidence clip')
    """
    if role.startswith("working"):
        return ROLES["working"]
    if role.startswith(("redact", "mask")):
        return ROLES["redacted"]
    return term(ROLES, role)


def _terms(rows: Mapping[str, tuple[str, str]]) -> Mapping[str, Text]:
    return {name: Text(zh=zh, en=en) for name, (zh, en) in rows.items()}


KINDS = _terms({
    "fishing": ("违规垂钓", "illegal fishing"),
    "dumping": ("倾倒垃圾", "dumping"),
    "occupation": ("占道经营", "road occupation"),
})  # fmt: skip
SEVERITIES = _terms({"minor": ("一般", "minor"), "serious": ("严重", "serious")})
STATES = _terms({
    "detected": ("已发现", "detected"),
    "confirmed": ("已确认", "confirmed"),
    "warning": ("喊话中", "warning"),
    "complied": ("已劝离", "complied"),
    "persisting": ("未听劝", "persisting"),
    "dispatched": ("已派单", "dispatched"),
    "acknowledged": ("已签收", "acknowledged"),
    "en_route": ("途中", "en route"),
    "on_scene": ("到场", "on scene"),
    "handled": ("已处置", "handled"),
    "checked": ("已核查", "checked"),
    "closed": ("办结", "closed"),
    "dismissed": ("已排除", "dismissed"),
    "transferred": ("已移送", "transferred"),
    "reopened": ("重开", "reopened"),
    "offered": ("已派单", "offered"),
    "returned": ("已退回", "returned"),
    "expired": ("超时未签收", "not acknowledged in time"),
    "cancelled": ("已取消", "cancelled"),
})  # fmt: skip
"""Of incidents and of orders."""
CUES = _terms({
    "vehicle": ("车辆", "vehicle"),
    "large": ("大堆", "large pile"),
    "night": ("夜间", "night"),
    "group": ("多人", "group"),
    "rod": ("钓竿", "rod"),
    "net": ("渔网", "net"),
    "boat": ("船只", "boat"),
})  # fmt: skip
ENDINGS = _terms({
    "left_zone": ("离开区域", "left the zone"),
    "left_picture": ("走出画面", "went out of the picture"),
    "moved": ("移开，仍在区域内", "moved, still in the zone"),
    "thing_gone": ("原处已清空", "its place is clear"),
    "lost": ("从画面中消失", "lost from view"),
    "allowed": ("禁止时段结束", "the rule's hours ended"),
})  # fmt: skip
"""How an act was seen to end, see ``core.seeing.Ending``."""
ROLES = _terms({
    "clip": ("证据片段", "evidence clip"),
    "before": ("处置前片段", "clip of before"),
    "after": ("处置后片段", "clip of afterwards"),
    "snapshot": ("快照", "snapshot"),
    "snapshot_before": ("处置前快照", "snapshot of before"),
    "snapshot_after": ("处置后快照", "snapshot of afterwards"),
    "warning_audio": ("喊话录音", "sound of the warning"),
    "field_photo": ("现场照片（队员）", "officer's photo"),
    "field_audio": ("现场语音（队员）", "officer's voice"),
    "field_video": ("现场录像（队员）", "officer's film"),
    "tip_photo": ("举报照片", "photo of a tip"),
    "paper": ("文书", "paper"),
    "detections": ("检测记录", "detections"),
    "working": ("工作副本", "working copy"),
    "redacted": ("脱敏副本", "masked copy"),
    "derivation": ("派生说明", "how a copy was made"),
    "signature": ("摄像机签名核验", "check of the camera's signature"),
    "certificate": ("签名证书", "certificate of the signature"),
    "earlier_seal": ("先前封存", "earlier seal"),
})  # fmt: skip
"""What a sealed file is, see ``core.cases.EvidenceItem.role``."""
