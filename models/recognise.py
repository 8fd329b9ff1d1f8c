"""Which family an ONNX file is of, told from its outputs and from what ultralytics writes in it."""

from collections.abc import Mapping

import onnx

from models.errors import ModelError
from models.registry import Family

Shape = tuple[int, ...]
"""Of an output; 0 where a dimension is free."""

_STRIDES = (8, 16, 32)
_BOX = 4
_ENDED = 6  # box, score, class number
_ASK = "; say which with --family"


def family(model: onnx.ModelProto, what: str, size: tuple[int, int] | None) -> Family:
    """The family of a graph.

    Args:
        what: how to call the file in messages.
        size: height and width of the input; None when the file leaves them open.

    Raises:
        ModelError: it finds something else than boxes, or may be of several families.
    """
    props = _props(model)
    if (task := props.get("task", "detect")) != "detect":
        raise ModelError(f"{what}: was made to {task}; only models that detect can be used")
    shapes = _outputs(model)
    names = " ".join(shapes)
    if "keypoints" in names and "wh" in names:
        return "centernet"
    if "logits" in names and "boxes" in names:
        return "rtdetr"
    if len(shapes) != 1:
        raise ModelError(f"{what}: its outputs {', '.join(shapes)} are of no known family{_ASK}")
    (shape,) = shapes.values()
    if len(shape) != 3:
        raise ModelError(f"{what}: its output {shape} is no table of boxes{_ASK}")
    if props.get("author") == "Ultralytics":
        return "rtdetr" if _is_rtdetr(props) else "yolo"
    cells = sum((size[0] // step) * (size[1] // step) for step in _STRIDES) if size else 0
    _, rows, columns = shape
    if cells and columns == cells and rows > _BOX:
        return "yolo"
    if cells and rows == cells and columns > _BOX + 1:
        return "yolox"
    raise ModelError(f"{what}: its output {shape} fits several families or none{_ASK}")


def demand_classes(model: onnx.ModelProto, what: str, which: Family, count: int) -> None:
    """Refuse a list of names of another length than the file has classes, where it shows.

    Raises:
        ModelError: how many there are and how many were named.
    """
    shapes = _outputs(model)
    expected = None
    if which == "rtdetr" and len(shapes) > 1:
        expected = next((s[-1] for name, s in shapes.items() if name.endswith("logits")), None)
    elif len(shapes) == 1:
        shape = next(iter(shapes.values()))
        if len(shape) == 3 and shape[2] != _ENDED:
            expected = {
                "yolo": shape[1] - _BOX,
                "yolox": shape[2] - _BOX - 1,
                "rtdetr": shape[2] - _BOX,
            }.get(which)
    if expected is not None and 0 < expected != count:
        raise ModelError(f"{what}: has {expected} classes, {count} are named")


def _is_rtdetr(props: Mapping[str, str]) -> bool:
    """Ultralytics names the head since 8.4; before that only the configuration's name tells."""
    told = f"{props.get('head', '')} {props.get('description', '')}".lower().replace("-", "")
    return "rtdetr" in told


def _props(model: onnx.ModelProto) -> dict[str, str]:
    return {item.key: item.value for item in model.metadata_props}


def _outputs(model: onnx.ModelProto) -> dict[str, Shape]:
    return {
        item.name: tuple(dim.dim_value for dim in item.type.tensor_type.shape.dim)
        for item in model.graph.output
    }
