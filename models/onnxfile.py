"""What can be told of an ONNX file by reading it: is it whole, and has it the face expected."""

import ast
from pathlib import Path

import onnx

from models.errors import ModelError


def inspect(content: bytes, what: str) -> onnx.ModelProto:
    """Parse an ONNX file and check that it is a valid graph.

    Args:
        content: the whole file; models that keep weights in further files are refused.
        what: how to call it in messages.

    Raises:
        ModelError: not ONNX, cut short, not a valid graph, or in several files.
    """
    try:
        onnx.checker.check_model(content)  # parses too, and says so when it cannot
    except (onnx.checker.ValidationError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        raise ModelError(f"{what}: not an ONNX file, cut short or not valid: {first}") from None
    model = onnx.load_model_from_string(content)
    if not model.graph.node or not model.graph.input or not model.graph.output:
        raise ModelError(f"{what}: not an ONNX file, or cut short: the graph is empty")
    if any(item.data_location == onnx.TensorProto.EXTERNAL for item in model.graph.initializer):
        raise ModelError(
            f"{what}: keeps its weights in further files; save it as one file "
            "(onnx.save_model with save_as_external_data=False)"
        )
    return model


def picture_size(model: onnx.ModelProto, what: str) -> tuple[int, int] | None:
    """Height and width of the one picture input, None when they are not fixed.

    Raises:
        ModelError: the model has no, or more than one, input of four dimensions.
    """
    weights = {item.name for item in model.graph.initializer}
    inputs = [item for item in model.graph.input if item.name not in weights]
    if len(inputs) != 1 or len(inputs[0].type.tensor_type.shape.dim) != 4:
        raise ModelError(f"{what}: expected one input of four dimensions, a batch of pictures")
    sides = [dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim]
    high, wide = sides[1:3] if sides[3] in (1, 3) else sides[2:4]
    return (high, wide) if high and wide else None


def metadata_classes(model: onnx.ModelProto) -> tuple[str, ...] | None:
    """Class names as ultralytics writes them into its exports (``names``: a literal).

    It is a dict by number, or a list where the names were given as prompts.
    """
    names = _metadata(model, "names")
    if isinstance(names, list):
        return tuple(map(str, names))
    return tuple(str(names[key]) for key in sorted(names)) if isinstance(names, dict) else None


def metadata_size(model: onnx.ModelProto) -> tuple[int, int] | None:
    """Height and width as ultralytics writes them (``imgsz``), for graphs that leave them open."""
    match _metadata(model, "imgsz"):
        case [int(high), int(wide)]:
            return high, wide
    return None


def _metadata(model: onnx.ModelProto, key: str) -> object:
    for item in model.metadata_props:
        if item.key == key:
            try:
                return ast.literal_eval(item.value)
            except (ValueError, SyntaxError):
                return None
    return None


def read(path: Path) -> bytes:
    """Content of a model file.

    Raises:
        ModelError: names the file and why it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: the model file cannot be read: {error.strerror}") from None
