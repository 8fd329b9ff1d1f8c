"""What the public may tell us (线索举报), and within which limits."""

from pydantic import Field

from core.config.base import Section
from core.value import Text

NOTICE = Text(
    zh="只收集处理举报所需的内容：地点、时间、文字和照片。不需要账号，不收集姓名和电话。照片会重新生成，"
    "手机型号等信息一并去除。网络地址只在内存中用于防止滥用，不保存。工作人员核实后决定如何处理。"
    "请勿为拍照冒险，也不要拍摄与举报无关的人。",
    en="Only what is needed is collected: place, time, words and photos. No account, no name, no "
    "telephone number. Photos are made anew, without what the file says about your phone. Network "
    "addresses are held in memory against abuse and not stored. A person decides what follows. Do "
    "not put yourself at risk for a photo, and leave people out who have nothing to do with it.",
)


class Tips(Section):
    """Tips of the public: the page ``/tip``."""

    enabled: bool = Field(
        default=True, title="开放举报", description="False: the page says that none are taken."
    )
    notice: Text = Field(
        default=NOTICE, title="个人信息告知", description="What is told about how data is used."
    )
    keep_days: int = Field(
        default=180,
        ge=30,
        le=1095,
        title="保存天数",
        description="Days that a decided tip and its photos are kept, from its last step; what "
        "was sealed as evidence has its own period.",
    )
    decide_within_h: float = Field(
        default=24,
        gt=0,
        le=720,
        title="研判时限",
        description="Hours after which the duty chief is told, once, that nobody has decided.",
    )
    undecided_days: int = Field(
        default=90,
        ge=30,
        le=1095,
        title="未研判保存天数",
        description="Days after which a tip that nobody decided is deleted with its photos; "
        "never longer than keep_days.",
    )
    reach_km: float = Field(
        default=30, gt=0, le=500, title="受理范围", description="Farthest place from the centre."
    )
    oldest_days: int = Field(
        default=30, ge=1, le=365, title="最早发生", description="Older events are not taken."
    )
    max_words: int = Field(default=1000, ge=50, le=5000, title="字数", description="Most letters.")
    max_photos: int = Field(
        default=4, ge=0, le=10, title="照片数", description="Most photos a tip."
    )
    max_photo_mb: float = Field(
        default=10, gt=0, le=40, title="照片大小", description="Most megabytes a photo, as sent."
    )
    max_megapixels: float = Field(
        default=50, gt=0, le=120, title="照片像素", description="Most million pixels a photo."
    )
    keep_originals: bool = Field(
        default=False,
        title="保留原文件",
        description="Keep files as they were sent beside the clean photos; they are never served.",
    )
    network_per_hour: float = Field(
        default=20,
        gt=0,
        title="每网络每小时",
        description="Tips from one IPv4 address or IPv6 /64; many phones may share one.",
    )
    network_burst: int = Field(
        default=10, ge=1, title="突发", description="So many of them may come at once."
    )
    total_per_hour: int = Field(
        default=300, ge=1, title="每小时总数", description="Tips in all, from everywhere."
    )
    lookups_per_hour: float = Field(
        default=120, gt=0, title="查询次数", description="Questions by code, from one network."
    )
    max_open: int = Field(
        default=1000,
        ge=1,
        title="待办上限",
        description="With so many undecided no more are taken, until the desk has caught up.",
    )
    max_gb: float = Field(
        default=4, gt=0, title="照片容量", description="Most gigabytes of photos, all together."
    )
    proof_bits: int = Field(
        default=14,
        ge=0,
        le=20,
        title="计算量",
        description="A phone reckons about 2 to this power hashes before it may send a tip; up "
        "to 6 more bits while many come.",
    )
    near_m: float = Field(
        default=300, gt=0, title="邻近", description="Incidents so near are offered at the desk,"
    )
    near_hours: float = Field(
        default=6, gt=0, title="时差", description="and so close in time, hours."
    )
