"""What the engine may ask of a runtime."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Backend(Protocol):
    """A loaded model; several threads may run it at once.

    Attributes:
        input_shape: the graph's first input; None where a dimension is free.
        batch_free: True when any number of pictures may go in at once.
        batches_pay: True where a picture costs less in company: on a graphics card, not on a
            processor.
    """

    input_shape: tuple[int | None, ...]
    batch_free: bool
    batches_pay: bool

    def run(self, batch: NDArray[np.float32]) -> Mapping[str, NDArray[np.float32]]:
        """Every output of the graph by name, for one batch."""
