"""Curves over a straight scale as SVG, readable on light and on dark ground."""

import math
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 460, 330, 64, 64, 16, 48
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #3b3f45 }
  .title { font-size: 15px; font-weight: 600; fill: #1b1e22 }
  .ground { fill: #ffffff }
  .grid { stroke: #d9dde2 } .axis { stroke: #8a9098 }
  .a { stroke: #0b62c4; fill: #0b62c4 } .b { stroke: #c2571a; fill: #c2571a }
  .line { fill: none; stroke-width: 2 } .b.line { stroke-dasharray: 6 4 }
  @media (prefers-color-scheme: dark) {
    text { fill: #c3c8cf } .title { fill: #f0f2f5 } .ground { fill: #15181c }
    .grid { stroke: #30353c } .axis { stroke: #767d87 }
    .a { stroke: #62a8ff; fill: #62a8ff } .b { stroke: #ff9d5c; fill: #ff9d5c }
    .line { fill: none }
  }"""


@dataclass(frozen=True)
class Line:
    """``start + slope · x``."""

    slope: float
    start: float

    def at(self, x: float) -> float:
        return self.start + self.slope * x


@dataclass(frozen=True)
class Curve:
    """Measured points and the line through them; ``joined`` draws from point to point instead."""

    name: str
    points: list[tuple[float, float]]
    line: Line
    joined: bool = False


@dataclass(frozen=True)
class Chart:
    """At most two curves over the same axes, both of which begin at zero."""

    title: str
    across: str
    up: str
    curves: list[Curve]


def drawn(charts: list[Chart]) -> str:
    """The charts side by side as one SVG document."""
    width = WIDTH * len(charts)
    panels = "\n".join(
        f'<g transform="translate({WIDTH * place} 0)">\n{_panel(chart)}\n</g>'
        for place, chart in enumerate(charts)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" '
        f'width="{width}" height="{HEIGHT}" role="img">\n<style>{STYLE}\n</style>\n'
        f'<rect class="ground" width="{width}" height="{HEIGHT}" rx="8"/>\n{panels}\n</svg>\n'
    )


def _panel(chart: Chart) -> str:
    points = [point for curve in chart.curves for point in curve.points]
    x_step, y_step = _step(max(x for x, _ in points)), _step(max(y for _, y in points))
    x_most = math.ceil(max(x for x, _ in points) / x_step) * x_step
    y_most = max(1, math.ceil(max(y for _, y in points) * 1.02 / y_step)) * y_step

    def x_at(x: float) -> float:
        return LEFT + x / x_most * (WIDTH - LEFT - RIGHT)

    def y_at(y: float) -> float:
        return HEIGHT - BOTTOM - y / y_most * (HEIGHT - TOP - BOTTOM)

    parts = [f'<text class="title" x="{LEFT}" y="24">{escape(chart.title)}</text>']
    for number in range(round(y_most / y_step) + 1):
        y = y_at(number * y_step)
        kind = "grid" if number else "axis"
        parts += [
            f'<path class="{kind}" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>',
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number * y_step:g}</text>',
        ]
    for number in range(round(x_most / x_step) + 1):
        parts.append(
            f'<text x="{x_at(number * x_step):.1f}" y="{HEIGHT - BOTTOM + 18}" '
            f'text-anchor="middle">{number * x_step:g}</text>'
        )
    middle_x, middle_y = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    middle = 'text-anchor="middle"'
    turned = f"translate(16 {middle_y}) rotate(-90)"
    parts += [
        f'<text x="{middle_x}" y="{HEIGHT - 10}" {middle}>{escape(chart.across)}</text>',
        f'<text transform="{turned}" {middle}>{escape(chart.up)}</text>',
    ]
    for number, (curve, kind) in enumerate(zip(chart.curves, "ab", strict=False)):
        if curve.joined:
            corners = [f"{x_at(x):.1f} {y_at(y):.1f}" for x, y in sorted(curve.points)]
            path = "M" + "L".join(corners)
        else:
            last = max(x for x, _ in curve.points)
            first_y, last_y = y_at(max(0.0, curve.line.start)), y_at(curve.line.at(last))
            path = f"M{LEFT} {first_y:.1f}L{x_at(last):.1f} {last_y:.1f}"
        parts.append(f'<path class="{kind} line" d="{path}"/>')
        parts += [
            f'<circle class="{kind}" cx="{x_at(x):.1f}" cy="{y_at(y):.1f}" r="4"/>'
            for x, y in curve.points
        ]
        at = LEFT + 150 * number
        parts += [
            f'<path class="{kind} line" d="M{at} 44h24"/>',
            f'<circle class="{kind}" cx="{at + 12}" cy="44" r="4"/>',
            f'<text x="{at + 32}" y="48">{escape(curve.name)}</text>',
        ]
    return "\n".join(parts)


def _step(most: float) -> float:
    """1, 2 or 5 times a power of ten: four to eight of them reach ``most``."""
    if most <= 0:
        return 1.0
    rough = most / 5
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
