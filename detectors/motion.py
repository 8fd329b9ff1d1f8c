"""Constant-velocity Kalman filters, one a box, all of a camera at once.

The four measured coordinates (middle of the foot, foot, width, height) are independent of
each other, so each is a filter of two states (value, speed) whose covariance is three numbers;
all are updated as arrays, which is what keeps thirty objects as cheap as ten.

White-acceleration model: Bar-Shalom, Li, Kirubarajan, Estimation with Applications to Tracking
and Navigation (2001), section 6.2.2. Lengths are in frame heights, times in seconds.
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Noise in units of the object's height: a walker reaches 1.4 m/s (0.8 heights/s) in half a
# second; sizes change more slowly than places.
_ACCELERATION = np.array([2.0, 2.0, 0.7, 0.7])
_MEASUREMENT = np.array([0.05, 0.06, 0.08, 0.08])
_FIRST_SPEED = np.array([1.0, 1.0, 0.3, 0.3])


class Filters:
    """The filters of N boxes.

    Attributes:
        value: (N, 4) foot x, foot y, width, height.
        speed: (N, 4) the same a second.
    """

    def __init__(self) -> None:
        self.value: Array = np.zeros((0, 4))
        self.speed: Array = np.zeros((0, 4))
        self._vv: Array = np.zeros((0, 4))
        self._vs: Array = np.zeros((0, 4))
        self._ss: Array = np.zeros((0, 4))

    def __len__(self) -> int:
        return len(self.value)

    def predict(self, seconds: float, damping: Array) -> None:
        """Move on by ``seconds``; speeds are multiplied by ``damping`` (N,) afterwards."""
        if seconds <= 0 or len(self) == 0:
            return
        noise = (_ACCELERATION * self.value[:, 3:4]) ** 2
        self.value = self.value + self.speed * seconds
        self.value[:, 2:] = np.maximum(self.value[:, 2:], 1e-3)
        self._vv = (
            self._vv + 2 * seconds * self._vs + seconds**2 * self._ss + noise * (seconds**4 / 4)
        )
        self._vs = self._vs + seconds * self._ss + noise * (seconds**3 / 2)
        self._ss = self._ss + noise * seconds**2
        self.speed = self.speed * damping[:, None]

    def correct(self, rows: NDArray[np.int64], measured: Array, trust: Array) -> None:
        """Take in measurements (M, 4) of the boxes ``rows``; ``trust`` (M,) is 0..1."""
        if len(rows) == 0:
            return
        scale = self.value[rows, 3:4] * (2.0 - trust[:, None])
        noise = (_MEASUREMENT * scale) ** 2
        spread = self._vv[rows] + noise
        gain_value, gain_speed = self._vv[rows] / spread, self._vs[rows] / spread
        error = measured - self.value[rows]
        self.value[rows] += gain_value * error
        self.speed[rows] += gain_speed * error
        self._ss[rows] -= gain_speed * self._vs[rows]
        self._vs[rows] *= 1 - gain_value
        self._vv[rows] *= 1 - gain_value

    def lose(self, row: int) -> None:
        """The box was missed: what hides it often cut it first, so trust its pace sideways only."""
        self.speed[row] *= (1.0, 0.3, 0.0, 0.0)

    def add(self, measured: Array) -> None:
        """New boxes (M, 4) at the end, standing still until shown otherwise."""
        height = measured[:, 3:4]
        self.value = np.concatenate([self.value, measured])
        self.speed = np.concatenate([self.speed, np.zeros_like(measured)])
        self._vv = np.concatenate([self._vv, (_MEASUREMENT * height) ** 2 * 2])
        self._vs = np.concatenate([self._vs, np.zeros_like(measured)])
        self._ss = np.concatenate([self._ss, (_FIRST_SPEED * height) ** 2])

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Drop the boxes that are False in ``rows``."""
        for name in ("value", "speed", "_vv", "_vs", "_ss"):
            setattr(self, name, getattr(self, name)[rows])
