"""The painter of people: a shaded body from a pose, a heading and a look."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from math import cos, hypot, pi, radians, sin

import numpy as np

from sim.draw.pose import Joint, Pose, Posture, pose
from sim.draw.sprite import Canvas, Colour, Sprite, mix, tone

GAITS = (Posture.WALK, Posture.RUN)
GAIT_PHASES = 20
REST_PHASES = 8
YAW_STEP_DEG = 15
SHADOW_SLOPE = (0.42, 0.20)
_TILT = 0.20
"""Rows gained per metre nearer the camera: it looks down on people."""

_SKINS: tuple[Colour, ...] = ((150, 182, 224), (128, 165, 212), (108, 145, 196))
_HAIRS: tuple[Colour, ...] = ((28, 27, 30), (34, 40, 52), (44, 46, 56))
_SHIRTS: tuple[Colour, ...] = (
    (164, 92, 44), (64, 64, 178), (206, 202, 196), (72, 148, 200), (196, 174, 118), (214, 206, 176),
    (128, 78, 150), (120, 110, 84),
)  # fmt: skip
_TROUSERS: tuple[Colour, ...] = ((82, 58, 42), (50, 48, 48), (104, 82, 58), (62, 66, 78))
_SHOES: tuple[Colour, ...] = ((36, 36, 40), (54, 64, 88), (190, 190, 190))


@dataclass(frozen=True)
class Look:
    """What a person looks like."""

    shirt: Colour
    trousers: Colour
    hair: Colour
    skin: Colour
    shoes: Colour
    height_m: float = 1.70
    build: float = 1.0
    long_sleeves: bool = True
    bag: Colour | None = None

    @classmethod
    def random(cls, rng: np.random.Generator) -> "Look":
        """Somebody from the street."""

        def pick(choices: tuple[Colour, ...]) -> Colour:
            return choices[int(rng.integers(len(choices)))]

        return cls(
            shirt=pick(_SHIRTS),
            trousers=pick(_TROUSERS),
            hair=pick(_HAIRS),
            skin=pick(_SKINS),
            shoes=pick(_SHOES),
            height_m=float(rng.uniform(1.60, 1.80)),
            build=float(rng.uniform(0.95, 1.1)),
            long_sleeves=bool(rng.random() < 0.6),
            bag=pick(_SHIRTS) if rng.random() < 0.25 else None,
        )


def person(look: Look, posture: Posture, phase: float, yaw_deg: float, ppm: float) -> Sprite:
    """A person seen from the camera.

    Args:
        phase: radians, of the gait or of the sway at rest.
        yaw_deg: heading; 0 to the right, 90 towards the camera, 180 to the left, 270 away.
        ppm: pixels per metre where the person stands.
    """
    steps = GAIT_PHASES if posture in GAITS else REST_PHASES
    index = round(phase / (2 * pi) * steps) % steps
    yaw = round(yaw_deg / YAW_STEP_DEG) * YAW_STEP_DEG % 360
    return _cached(look, posture, index, yaw, round(ppm, 0) if ppm > 40 else round(ppm, 1))


@lru_cache(maxsize=1500)
def _cached(look: Look, posture: Posture, index: int, yaw: int, ppm: float) -> Sprite:
    steps = GAIT_PHASES if posture in GAITS else REST_PHASES
    return _Painter(look, pose(posture, 2 * pi * index / steps), yaw, ppm).paint()


class _Painter:
    def __init__(self, look: Look, body: Pose, yaw: int, ppm: float) -> None:
        self.look, self.body = look, body
        self.cos, self.sin = cos(radians(yaw)), sin(radians(yaw))
        self.scale = look.height_m / 1.70
        reach = 3.1 if body.rod else 0.75
        left = reach if self.cos < -0.05 else 0.75
        right = max(reach if self.cos > 0.05 else 0.75, 1.2)
        self.canvas = Canvas(ppm, left, right, 2.6 if body.rod else 1.95, 0.6)

    def flat(self, joint: Joint) -> tuple[float, float]:
        """Where a joint appears, metres right of and above the foot point."""
        forward, up, right = (v * self.scale for v in joint)
        near = forward * self.sin + right * self.cos
        return forward * self.cos - right * self.sin, up - _TILT * near

    def near(self, *joints: Joint) -> float:
        """How much nearer than the foot point the middle of some joints is."""
        return sum(j[0] * self.sin + j[2] * self.cos for j in joints) / len(joints)

    def paint(self) -> Sprite:
        body, canvas = self.body, self.canvas
        parts: list[tuple[float, Callable[[], None]]] = [
            (self.near(body.pelvis, body.chest), self.torso),
            (self.near(body.head) + 0.02, self.head),
        ]
        for side in (0, 1):
            nearness = self.near(body.knees[side], body.ankles[side])
            parts.append((nearness - 0.01, partial(self.leg, side)))
            nearness = self.near(body.elbows[side], body.hands[side])
            parts.append((nearness + 0.01, partial(self.arm, side)))
        if body.stool:
            self.stool()
        for _, paint in sorted(parts, key=lambda part: part[0]):
            paint()
        canvas.speckle(round(self.look.height_m * 1000), 0.035)
        mask = canvas.body()
        if body.rod:
            self.rod(*body.rod)
        return canvas.sprite(mask, SHADOW_SLOPE)

    def leg(self, side: int) -> None:
        body, look, width = self.body, self.look, self.look.build * self.scale
        across = -0.09 if side == 0 else 0.09
        hip = self.flat((body.pelvis[0], body.pelvis[1] - 0.03, across))
        knee, ankle = self.flat(body.knees[side]), self.flat(body.ankles[side])
        light = 0.80 if self.near(body.knees[side]) < -0.03 else 1.0
        # The foot points forward, and down behind when the heel is lifted.
        shin = (body.ankles[side][0] - body.knees[side][0]) / 0.42
        heel, toe = -0.05, 0.17
        lift = max(-0.25, min(0.8, -shin * 0.9))
        x, y, z = body.ankles[side]
        back = self.flat((x + heel, y - 0.03, z))
        front = self.flat((x + toe * cos(lift), y - 0.035 - toe * sin(lift) * 0.35, z))
        self.canvas.limb(back, front, (0.045 * width, 0.036 * width), look.shoes, light)
        self.canvas.limb(knee, ankle, (0.068 * width, 0.05 * width), look.trousers, light)
        self.canvas.limb(hip, knee, (0.098 * width, 0.072 * width), look.trousers, light)

    def arm(self, side: int) -> None:
        body, look, width = self.body, self.look, self.look.build * self.scale
        across = -0.18 if side == 0 else 0.18
        shoulder = self.flat((body.chest[0], body.chest[1] + 0.03, across))
        elbow, hand = self.flat(body.elbows[side]), self.flat(body.hands[side])
        light = 0.82 if self.near(body.elbows[side]) < -0.05 else 1.04
        lower = look.shirt if look.long_sleeves else look.skin
        self.canvas.oval(hand, (0.05 * width, 0.055 * width), tone(look.skin, 0.92 * light))
        self.canvas.limb(elbow, hand, (0.047 * width, 0.036 * width), lower, light)
        self.canvas.limb(shoulder, elbow, (0.066 * width, 0.052 * width), look.shirt, light)

    def torso(self) -> None:
        body, look = self.body, self.look
        width = look.build * self.scale
        front = abs(self.sin)

        def across(face: float, side: float) -> float:
            return hypot(face * front, side * (1 - front * 0.6)) * width

        top, low = self.flat(body.chest), self.flat(body.pelvis)
        chest, waist, hip = across(0.20, 0.14), across(0.155, 0.125), across(0.165, 0.13)
        along = np.array([low[0] - top[0], low[1] - top[1]])
        length = float(np.hypot(*along)) or 1e-6
        ux, uy = along / length
        nx, ny = -uy, ux  # to the right of the way down

        def at(share: float, half: float) -> tuple[float, float]:
            return (
                top[0] + ux * length * share + nx * half,
                top[1] + uy * length * share + ny * half,
            )

        self.canvas.oval(low, (hip * 0.98, 0.10 * width), tone(look.trousers, 0.82))
        rows = ((-0.20, 0.42), (-0.12, 0.80), (0.0, 1.0), (0.3, 0.98))
        outline = [(s, chest * k) for s, k in rows] + [(0.66, waist), (0.98, hip)]
        for shrink, shift, factor in ((1.0, 0.0, 0.68), (0.82, -0.12, 0.88), (0.52, -0.26, 1.05)):
            paint = tone(look.shirt, factor)
            dx = shift * chest
            right = [at(s, half * shrink) for s, half in outline]
            left = [at(s, -half * shrink) for s, half in reversed(outline)]
            self.canvas.fill([(x + dx, y) for x, y in right + left], paint)
        self.canvas.line([at(0.93, -hip), at(0.93, hip)], tone(look.trousers, 0.6), 0.025)
        if front > 0.5 and self.sin > 0:  # the placket and collar of a shirt seen from the front
            self.canvas.line([at(-0.12, 0), at(0.9, 0)], tone(look.shirt, 0.8), 0.012)
            self.canvas.fill(
                [at(-0.2, -0.06), at(-0.2, 0.06), at(0.02, 0.0)], tone(look.skin, 0.85)
            )
        if look.bag is not None:
            self.canvas.line([at(-0.15, 0.05), at(0.85, -0.12)], tone(look.bag, 0.6), 0.03)
            self.canvas.limb(at(0.75, -0.1), at(1.0, -0.1), (0.11, 0.12), look.bag, 0.9)

    def head(self) -> None:
        body, look, s = self.body, self.look, self.scale
        neck, (x, y) = self.flat(body.neck), self.flat(body.head)
        side = abs(self.cos)
        self.canvas.limb(neck, (x, y - 0.06 * s), (0.055 * s, 0.05 * s), look.skin, 0.80)
        wide, high = (0.090 + 0.014 * side) * s, 0.128 * s
        ahead = self.cos
        if self.sin < -0.5:  # seen from behind: hair only
            self.canvas.oval((x, y - 0.01 * s), (wide, high * 0.95), tone(look.hair, 0.8))
            self.canvas.oval((x - 0.02 * s, y + 0.02 * s), (wide * 0.7, high * 0.7), look.hair)
            return
        self.canvas.oval((x - 0.018 * s * ahead, y + 0.018 * s), (wide * 1.06, high), look.hair)
        face = (x + 0.022 * s * ahead, y - 0.022 * s)
        self.canvas.oval(face, (wide * 0.84, high * 0.84), tone(look.skin, 0.78))
        self.canvas.oval(
            (face[0] - 0.012 * s, face[1] + 0.004), (wide * 0.68, high * 0.74), look.skin
        )
        if side > 0.4:  # nose in profile, ear
            tip = x + ahead * (wide + 0.012 * s)
            self.canvas.fill(
                [
                    (tip, y - 0.04 * s),
                    (tip - ahead * 0.03 * s, y),
                    (tip - ahead * 0.03 * s, y - 0.06 * s),
                ],
                tone(look.skin, 0.92),
            )
            ear = (x - ahead * 0.022 * s, y - 0.02 * s)
            self.canvas.oval(ear, (0.017 * s, 0.03 * s), tone(look.skin, 0.78))
        eyes = ((0.45, 1.0),) if side > 0.7 else ((-0.35, 1.0), (0.38, 1.0))
        for across, _ in eyes:
            eye = (
                face[0] + wide * (across * (ahead or 1) if side > 0.7 else across + 0.2 * ahead),
                face[1] + 0.02 * s,
            )
            self.canvas.oval(eye, (0.012 * s, 0.009 * s), mix(look.hair, look.skin, 0.15))
        self.canvas.oval(
            (x - 0.01 * s * ahead, y + 0.052 * s), (wide * 0.98, high * 0.62), look.hair,
            arc_deg=(180.0, 360.0),
        )  # fmt: skip
        mouth = (face[0] + 0.02 * s * ahead, face[1] - 0.055 * s)
        self.canvas.oval(mouth, (0.022 * s, 0.007 * s), mix(look.skin, (70, 70, 130), 0.6))

    def stool(self) -> None:
        seat = self.body.pelvis
        wood: Colour = (70, 92, 120)
        for forward, right in ((-0.17, -0.15), (0.15, -0.15), (-0.17, 0.15), (0.15, 0.15)):
            top = self.flat((seat[0] + forward * 0.7, 0.36, right * 0.8))
            self.canvas.line([top, self.flat((seat[0] + forward, 0.0, right))], wood, 0.03)
        middle = self.flat((seat[0], 0.38, 0.0))
        self.canvas.oval(middle, (0.19, 0.07), tone(wood, 0.8))

    def rod(self, grip: Joint, tip: Joint) -> None:
        middle = tuple((a + b) / 2 for a, b in zip(grip, tip, strict=True))
        bent = (middle[0], middle[1] + 0.10, middle[2])
        rod: Colour = (38, 44, 52)
        g, m, t = self.flat(grip), self.flat(bent), self.flat(tip)
        self.canvas.line([g, m], rod, 0.026)
        self.canvas.line([m, t], tone(rod, 1.2), 0.016)
        self.canvas.line([t, self.flat((tip[0] + 0.15, -0.25, tip[2]))], (190, 190, 190), 0.006)
