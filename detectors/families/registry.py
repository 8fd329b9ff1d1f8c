"""Which file decodes which family of a model card."""

from core.model import ModelCard
from detectors.families.base import Family
from detectors.families.centernet import Centernet
from detectors.families.rtdetr import RtDetr
from detectors.families.yolo import Yolo
from detectors.families.yolox import Yolox

_FAMILIES: dict[str, type[Family]] = {
    "yolox": Yolox,
    "centernet": Centernet,
    "yolo": Yolo,
    "rtdetr": RtDetr,
}


def family_of(card: ModelCard) -> Family:
    """The decoder of a model card's family."""
    return _FAMILIES[card.family]()
