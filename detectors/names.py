"""What models call things, and what we call them.

Open-vocabulary models answer with whatever they were prompted with, models trained in the
township with Chinese names. A name that is not in the table stays as it is.
"""

from dataclasses import replace
from functools import lru_cache

from core.seeing import Detections

_OURS: dict[str, tuple[str, ...]] = {
    "person": ("people", "pedestrian", "human", "人", "行人", "人员"),
    "boat": (
        "fishing boat", "ship", "vessel", "raft", "bamboo raft", "canoe", "kayak", "sampan",
        "船", "小船", "船只", "船舶", "渔船", "木船", "快艇", "竹筏", "木筏", "皮筏",
    ),
    "fishing rod": (
        "rod", "fishing pole", "angling rod", "fishing rods",
        "竿", "鱼竿", "渔竿", "钓竿", "钓鱼竿", "鱼杆", "钓鱼杆", "海竿",
    ),
    # A landing net (抄网) is what an angler lifts his fish out with, and no net to fish with.
    "fishing net": (
        "net", "fish net", "fishing nets", "cast net", "gill net", "trawl", "fish trap",
        "网", "网具", "渔网", "鱼网", "撒网", "手撒网", "拖网", "刺网", "丝网", "地笼", "地笼网",
    ),
    "car": ("automobile", "sedan", "汽车", "小汽车", "轿车", "小轿车"),
    "van": ("minivan", "面包车"),
    "truck": ("lorry", "pickup", "卡车", "货车", "渣土车", "自卸车"),
    "bus": ("公交车", "客车", "大巴"),
    "tricycle": ("cargo tricycle", "三轮车", "三轮"),
    "excavator": ("挖掘机",),
    "bicycle": ("bike", "自行车"),
    "motorcycle": ("scooter", "摩托车", "电动车", "电瓶车"),
}  # fmt: skip
_TABLE = {theirs: ours for ours, many in _OURS.items() for theirs in many}


@lru_cache(maxsize=4096)
def ours(name: str) -> str:
    """Our name for a class.

    >>> ours("Fishing_Pole"), ours("渔网"), ours("chair")
    ('fishing rod', 'fishing net', 'chair')
    """
    plain = " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
    if plain in _OURS:
        return plain
    return _TABLE.get(plain, name)


def in_our_words(found: Detections) -> Detections:
    """The same detections under our names."""
    return replace(found, labels=tuple(ours(label) for label in found.labels))
