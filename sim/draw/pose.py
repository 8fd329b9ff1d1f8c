"""Poses of a drawn person: joints in metres for walking, standing and fishing.

A joint is ``(forward, up, right)`` in metres from the point on the ground between the feet, for
a person 1.70 m tall.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import cos, pi, sin

Joint = tuple[float, float, float]

THIGH_M, SHIN_M, ANKLE_M = 0.43, 0.42, 0.07
UPPER_ARM_M, FOREARM_M = 0.29, 0.27
STRIDE_M = 1.40
"""Ground covered by one full cycle of the gait (two steps)."""
RUNNING_STRIDE_M = 2.3


class Posture(StrEnum):
    WALK = "walk"
    RUN = "run"
    STAND = "stand"
    SIT = "sit"
    SIT_FISHING = "sit_fishing"
    STAND_FISHING = "stand_fishing"
    BEND = "bend"
    """Leaning forward with the hands low: packing, unloading, laying out goods."""


@dataclass(frozen=True)
class Pose:
    """All joints of a body at one moment; pairs are (left, right)."""

    pelvis: Joint
    chest: Joint
    neck: Joint
    head: Joint
    knees: tuple[Joint, Joint]
    ankles: tuple[Joint, Joint]
    elbows: tuple[Joint, Joint]
    hands: tuple[Joint, Joint]
    rod: tuple[Joint, Joint] | None = None
    """Grip and tip of a fishing rod."""
    stool: bool = False


def pose(posture: Posture, phase: float) -> Pose:
    """The pose at ``phase`` (radians): of the gait, or of the slow sway of someone at rest."""
    if posture is Posture.WALK:
        return _walking(phase)
    if posture is Posture.RUN:
        return _walking(phase, thighs=0.75, knees=1.35, arms=0.75, elbows=1.45, lean=0.09)
    if posture in (Posture.SIT_FISHING, Posture.SIT):
        return _sitting(phase, rod=posture is Posture.SIT_FISHING)
    if posture is Posture.STAND_FISHING:
        return _standing(phase, rod=True)
    if posture is Posture.BEND:
        return _bending(phase)
    return _standing(phase, rod=False)


def _swing(origin: Joint, length: float, angle: float, outward: float = 0.0) -> Joint:
    """The end of a bone hanging from ``origin``, turned forward by ``angle`` radians."""
    return (origin[0] + length * sin(angle), origin[1] - length * cos(angle), origin[2] + outward)


def _walking(
    phase: float,
    thighs: float = 0.42,
    knees: float = 0.85,
    arms: float = 0.45,
    elbows: float = 0.35,
    lean: float = 0.0,
) -> Pose:
    """Walking or running; angles of the swing in radians, ``lean`` of the head in metres."""
    hip_up = 0.90
    all_knees, ankles, all_elbows, hands = [], [], [], []
    lowest = 9.0
    for side, own in ((-1.0, phase), (1.0, phase + pi)):
        hip = (0.0, hip_up, 0.09 * side)
        thigh = thighs * sin(own) + 0.04
        flex = 0.10 + knees * max(0.0, cos(own)) ** 2
        knee = _swing(hip, THIGH_M, thigh)
        ankle = _swing(knee, SHIN_M, thigh - flex)
        lowest = min(lowest, ankle[1])
        all_knees.append(knee)
        ankles.append(ankle)
        shoulder = (0.03 + 0.8 * lean, 1.38, 0.19 * side)
        arm = -arms * sin(own)
        elbow = _swing(shoulder, UPPER_ARM_M, arm, 0.03 * side)
        all_elbows.append(elbow)
        hands.append(_swing(elbow, FOREARM_M, arm + elbows))
    drop = lowest - ANKLE_M

    def down(joint: Joint) -> Joint:
        return (joint[0], joint[1] - drop, joint[2])

    return Pose(
        pelvis=down((0.0, 0.92, 0.0)),
        chest=down((0.03 + 0.8 * lean, 1.36, 0.0)),
        neck=down((0.04 + lean, 1.46, 0.0)),
        head=down((0.06 + 1.2 * lean, 1.61, 0.0)),
        knees=(down(all_knees[0]), down(all_knees[1])),
        ankles=(down(ankles[0]), down(ankles[1])),
        elbows=(down(all_elbows[0]), down(all_elbows[1])),
        hands=(down(hands[0]), down(hands[1])),
    )


def _standing(phase: float, rod: bool) -> Pose:
    sway = 0.012 * sin(phase)
    elbows: tuple[Joint, Joint] = ((0.02, 1.12, -0.25), (0.02, 1.12, 0.25))
    hands: tuple[Joint, Joint] = ((0.08, 0.87, -0.25), (0.08, 0.87, 0.25))
    held: tuple[Joint, Joint] | None = None
    if rod:
        elbows = ((0.10, 1.13, -0.21), (0.12, 1.13, 0.22))
        hands = ((0.36, 1.12, -0.06), (0.32, 1.05 + sway, 0.08))
        held = ((0.22, 0.99, 0.02), (2.75, 2.05 + 4 * sway, 0.0))
    return Pose(
        pelvis=(sway, 0.91, 0.0),
        chest=(0.02 + sway, 1.36, 0.0),
        neck=(0.03 + sway, 1.46, 0.0),
        head=(0.05 + 1.5 * sway, 1.61, 0.0),
        knees=((0.03, 0.50, -0.11), (0.05, 0.50, 0.11)),
        ankles=((-0.03, ANKLE_M, -0.13), (0.03, ANKLE_M, 0.13)),
        elbows=elbows,
        hands=hands,
        rod=held,
    )


def _sitting(phase: float, rod: bool) -> Pose:
    sway = 0.012 * sin(phase)
    return Pose(
        pelvis=(-0.05, 0.50, 0.0),
        chest=(0.06 + sway, 0.93, 0.0),
        neck=(0.09 + sway, 1.03, 0.0),
        head=(0.13 + 1.5 * sway, 1.18, 0.0),
        knees=((0.36, 0.53, -0.15), (0.36, 0.53, 0.15)),
        ankles=((0.30, ANKLE_M, -0.15), (0.36, ANKLE_M, 0.15)),
        elbows=((0.14, 0.70, -0.23), (0.16, 0.70, 0.23)),
        hands=((0.40, 0.74, -0.08), (0.36, 0.70 + sway, 0.10)),
        rod=((0.24, 0.65, 0.02), (2.75, 1.75 + 4 * sway, 0.0)) if rod else None,
        stool=rod,
    )


def _bending(phase: float) -> Pose:
    reach = 0.06 * sin(phase)
    return Pose(
        pelvis=(-0.10, 0.86, 0.0),
        chest=(0.22, 1.18, 0.0),
        neck=(0.31, 1.25, 0.0),
        head=(0.42, 1.35, 0.0),
        knees=((0.05, 0.47, -0.11), (0.08, 0.47, 0.11)),
        ankles=((-0.05, ANKLE_M, -0.12), (0.04, ANKLE_M, 0.12)),
        elbows=((0.32, 0.98, -0.22), (0.34, 0.98, 0.22)),
        hands=((0.46 + reach, 0.78, -0.15), (0.48 - reach, 0.78, 0.15)),
    )
