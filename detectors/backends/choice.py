"""Which runtime executes a model on which device.

On a processor both runtimes give the same answers to within rounding; `python -m bench.runtimes`
says which is faster here. The choice never depends on a timing at start-up, so that a replay
runs on what the live view ran on.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import onnxruntime

from detectors.backends.base import Backend
from detectors.backends.onnx import OnnxBackend
from detectors.errors import RuntimeChoiceError

RuntimeName = Literal["auto", "onnxruntime", "openvino"]
Device = Literal["cpu", "cuda", "tensorrt"]

FASTER_ON: dict[str, RuntimeName] = {"AuthenticAMD": "onnxruntime"}
"""Processors both runtimes were measured on, by vendor; on others ONNX Runtime is taken."""

_PROVIDERS = {
    "cpu": ("CPUExecutionProvider",),
    # What one provider cannot run is left to the next.
    "cuda": ("CUDAExecutionProvider", "CPUExecutionProvider"),
    "tensorrt": ("TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"),
}


@dataclass(frozen=True)
class Choice:
    """A runtime and, for ONNX Runtime, its execution providers in order of preference."""

    runtime: Literal["onnxruntime", "openvino"]
    providers: tuple[str, ...] = ()


def choose(
    runtime: RuntimeName, device: Device, *, vendor: str, openvino: bool, offered: Collection[str]
) -> Choice:
    """What to run on.

    Args:
        runtime, device: as configured.
        vendor: the processor's vendor, as CPUID names it.
        openvino: whether OpenVINO is installed.
        offered: execution providers the installed ONNX Runtime has.

    Raises:
        RuntimeChoiceError: what was asked for is not installed, or cannot go together.
    """
    if runtime == "openvino":
        if device != "cpu":
            raise RuntimeChoiceError(
                f"analysis.device {device} is for ONNX Runtime; OpenVINO runs on the processor: "
                "set analysis.runtime to onnxruntime or analysis.device to cpu"
            )
        if not openvino:
            raise RuntimeChoiceError(
                "analysis.runtime is openvino, which is not installed: "
                "pip install 'wardwatch[openvino]'"
            )
        return Choice("openvino")
    automatic = runtime == "auto" and device == "cpu"
    if automatic and openvino and FASTER_ON.get(vendor) == "openvino":
        return Choice("openvino")
    wanted = _PROVIDERS[device]
    if wanted[0] not in offered:
        raise RuntimeChoiceError(
            f"analysis.device is {device}, but this ONNX Runtime has no {wanted[0]} "
            f"(it has {', '.join(offered)}): install onnxruntime-gpu instead of onnxruntime, "
            "or set analysis.device to cpu"
        )
    return Choice("onnxruntime", tuple(name for name in wanted if name in offered))


def opener(runtime: RuntimeName = "auto", device: Device = "cpu") -> Callable[[Path, int], Backend]:
    """What loads a file with so many threads, on the machine as it is.

    Raises:
        RuntimeChoiceError: see :func:`choose`.
    """
    choice = choose(
        runtime,
        device,
        vendor=_vendor(),
        openvino=find_spec("openvino") is not None,
        offered=onnxruntime.get_available_providers(),
    )
    if choice.runtime == "openvino":
        from detectors.backends.openvino import OpenvinoBackend  # an extra

        return lambda path, threads: OpenvinoBackend(path, threads=threads)
    return lambda path, threads: OnnxBackend(path, threads=threads, providers=choice.providers)


def _vendor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor's vendor; empty where it cannot be told."""
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return ""
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("vendor_id"))
    return next(named, "")
