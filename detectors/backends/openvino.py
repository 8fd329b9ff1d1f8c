"""OpenVINO, an extra: ``wardwatch[openvino]``."""

import threading
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray

from detectors.backends.focus import without_focus
from detectors.backends.onnx import first_line, one_input_only
from detectors.errors import ModelFileError


class OpenvinoBackend:
    """One ONNX file compiled for the processor.

    Raises:
        ModelFileError: the file is missing, is no ONNX model, or has more than one input.
    """

    batches_pay = False

    def __init__(self, path: Path, *, threads: int = 1) -> None:
        if not path.is_file():
            raise ModelFileError(
                f"model file {path} is missing; fetch it with `wardwatch models pull`"
            )
        core = openvino.Core()
        try:
            rewritten = without_focus(path)
            model = core.read_model(rewritten, b"") if rewritten else core.read_model(path)
            one_input_only(path, len(model.inputs))
            self._compiled = core.compile_model(
                model,
                "CPU",
                {
                    # Left alone it computes in bfloat16 where the processor can, and boxes shift.
                    "INFERENCE_PRECISION_HINT": "f32",
                    "INFERENCE_NUM_THREADS": threads,
                    "NUM_STREAMS": threads,
                },
            )
        except RuntimeError as error:
            raise ModelFileError(
                f"model file {path} cannot be loaded ({first_line(error)}); "
                "fetch it again with `wardwatch models pull`"
            ) from error
        self._path = path
        self._own = threading.local()
        self._names = [_name(output, place) for place, output in enumerate(model.outputs)]
        self.input_shape: tuple[int | None, ...] = tuple(
            None if dim.is_dynamic else dim.get_length() for dim in model.input().partial_shape
        )
        self.batch_free = self.input_shape[0] is None

    def run(self, batch: NDArray[np.float32]) -> Mapping[str, NDArray[np.float32]]:
        """Every output of the graph by name, for one batch; valid until the thread's next."""
        request = getattr(self._own, "request", None)
        if request is None:  # a request belongs to one thread
            request = self._own.request = self._compiled.create_infer_request()
        try:
            answers = request.infer([batch], share_inputs=True, share_outputs=True)
        except RuntimeError as error:
            raise ModelFileError(
                f"model file {self._path} failed on an input of {batch.shape} "
                f"({first_line(error)}); does its card give the right input size?"
            ) from error
        return {name: answers[place] for place, name in enumerate(self._names)}


def _name(output: openvino.Output, place: int) -> str:
    names = output.get_names()
    return min(names) if names else str(place)
