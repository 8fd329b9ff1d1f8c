"""Words of the documents, which are in Chinese."""

KINDS = {"fishing": "违规垂钓", "dumping": "倾倒垃圾", "occupation": "占道经营"}
SEVERITIES = {"minor": "一般", "serious": "严重"}
STATES = {
    "detected": "已发现", "confirmed": "已确认", "warning": "喊话中", "complied": "已劝离",
    "persisting": "未听劝", "dispatched": "已派单", "acknowledged": "已签收", "en_route": "途中",
    "on_scene": "到场", "handled": "已处置", "checked": "已核查", "closed": "办结",
    "dismissed": "已排除", "transferred": "已移送", "reopened": "重开", "offered": "已派单",
    "returned": "已退回", "expired": "超时未签收", "cancelled": "已取消",
}  # fmt: skip
CUES = {
    "vehicle": "车辆", "large": "大堆", "night": "夜间", "group": "多人", "rod": "钓竿",
    "net": "渔网", "boat": "船只",
}  # fmt: skip
ROLES = {
    "clip": "录像原件", "before": "事前录像", "after": "事后录像", "snapshot": "截图",
    "snapshot_before": "事前截图", "snapshot_after": "事后截图", "warning_audio": "喊话录音",
    "certificate": "签名证书", "earlier_seal": "先前封存", "signature": "摄像机签名核验",
}  # fmt: skip
ACTS = {
    "sealed": "封存", "adopted": "纳入封存", "viewed": "查看", "exported": "导出完成",
    "export": "导出案卷", "locked": "锁定", "released": "解除锁定", "downloaded": "下载",
}  # fmt: skip
NOTES = {
    "drawn from the clip": "自录像截取",
    "what the camera itself signed: as recorded, and in the clip": "录制时及片段中的核验结果",
}
REVIEWS = {"legal": "法制审核", "technical": "技术审核"}


def role_words(role: str) -> str:
    """What a file is.

    >>> role_words("working_clock"), role_words("clip")
    ('工作副本', '录像原件')
    """
    if role.startswith("working"):
        return "工作副本"
    if role.startswith(("redact", "mask")):
        return "遮挡副本"
    return ROLES.get(role, role)
