"""ONNX Runtime."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from detectors.backends.focus import without_focus
from detectors.errors import ModelFileError

_CPU = "CPUExecutionProvider"


class OnnxBackend:
    """One ONNX file in one ONNX Runtime session.

    Raises:
        ModelFileError: the file is missing, is no ONNX model, or has more than one input.
    """

    def __init__(self, path: Path, *, threads: int = 1, providers: Sequence[str] = (_CPU,)) -> None:
        if not path.is_file():
            raise ModelFileError(
                f"model file {path} is missing; fetch it with `wardwatch models pull`"
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that spin while they wait take the core away from the decoders.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                without_focus(path) or str(path), sess_options=options, providers=list(providers)
            )
        except Exception as error:  # the runtime raises a dozen unrelated classes
            raise ModelFileError(
                f"model file {path} cannot be loaded ({first_line(error)}); "
                "fetch it again with `wardwatch models pull`"
            ) from error
        if self._session.get_providers()[0] != providers[0]:
            raise ModelFileError(
                f"model file {path} cannot run on {providers[0]}: ONNX Runtime fell back to "
                f"{self._session.get_providers()[0]}; look at its driver and libraries, "
                "or set analysis.device to cpu"
            )
        self.batches_pay = providers[0] != _CPU
        inputs = self._session.get_inputs()
        one_input_only(path, len(inputs))
        self._path = path
        self._input = inputs[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]
        self.input_shape: tuple[int | None, ...] = tuple(
            dim if isinstance(dim, int) else None for dim in inputs[0].shape
        )
        self.batch_free = self.input_shape[0] is None

    def run(self, batch: NDArray[np.float32]) -> Mapping[str, NDArray[np.float32]]:
        """Every output of the graph by name, for one batch."""
        try:
            answers = self._session.run(self._outputs, {self._input: batch})
        except Exception as error:
            raise ModelFileError(
                f"model file {self._path} failed on an input of {batch.shape} "
                f"({first_line(error)}); does its card give the right input size?"
            ) from error
        return dict(zip(self._outputs, answers, strict=True))


def one_input_only(path: Path, inputs: int) -> None:
    """Refuse what is no detector of pictures."""
    if inputs != 1:
        raise ModelFileError(f"model file {path} has {inputs} inputs; a detector takes one picture")


def first_line(error: Exception) -> str:
    """What a runtime complains of, short enough for one line."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
