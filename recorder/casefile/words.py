"""Words of the documents, which are in Chinese, beside the terms of the trade."""

ACTS = {
    "sealed": "封存", "adopted": "纳入封存", "viewed": "查看", "exported": "导出完成",
    "export": "导出案卷", "locked": "锁定", "released": "解除锁定", "downloaded": "下载",
}  # fmt: skip
NOTES = {
    "drawn from the clip": "自录像截取",
    "what the camera itself signed: as recorded, and in the clip": "录制时及片段中的核验结果",
}
REVIEWS = {"legal": "法制审核", "technical": "技术审核"}
